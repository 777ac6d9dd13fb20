use std::io::Write as _;

use proptest::prelude::*;
use zip::{ZipWriter, write::SimpleFileOptions};

use super::*;

/// A zip file of these files.
pub(in crate::job) fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    zip_with(SimpleFileOptions::default(), files)
}

fn zip_with(options: SimpleFileOptions, files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, content) in files {
        writer.start_file(*path, options).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn open(bytes: Vec<u8>) -> Artifact {
    Artifact::open("Infra", bytes).unwrap()
}

fn refused(artifact: &Artifact, path: &str) -> String {
    artifact.read(path).unwrap_err().to_string()
}

/// The zip file with another text of the same length in all places of the first.
fn patched(mut bytes: Vec<u8>, from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    for at in 0..=bytes.len() - from.len() {
        if bytes[at..].starts_with(from) {
            bytes[at..at + to.len()].copy_from_slice(to);
        }
    }
    bytes
}

/// The place of the first entry of the directory.
fn directory(bytes: &[u8]) -> usize {
    let mut windows = bytes.windows(4);
    windows.position(|it| it == b"PK\x01\x02").unwrap()
}

#[test]
fn a_file_is_read_by_its_whole_path() {
    let artifact = open(zip(&[("taskdef.json", b"{}"), ("deploy/größe.txt", b"x")]));
    assert_eq!(artifact.name(), "Infra");
    assert!(artifact.has("taskdef.json") && !artifact.has("größe.txt"));
    assert_eq!(artifact.read("taskdef.json"), Ok(Some(b"{}".to_vec())));
    assert_eq!(artifact.read("deploy/größe.txt"), Ok(Some(b"x".to_vec())));
    assert_eq!(artifact.read("Taskdef.json"), Ok(None));
}

#[test]
fn zip_files_as_other_programs_make_them_are_read() {
    let files: &[(&str, &[u8])] = &[("a.json", b"[1, 2, 3]"), ("b.json", b"")];
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let large = SimpleFileOptions::default().large_file(true);
    let mut streamed = ZipWriter::new_stream(Vec::new());
    for (path, content) in files {
        streamed
            .start_file(*path, SimpleFileOptions::default())
            .unwrap();
        streamed.write_all(content).unwrap();
    }
    let streamed = streamed.finish().unwrap().into_inner();
    for bytes in [zip_with(stored, files), zip_with(large, files), streamed] {
        let artifact = open(bytes);
        assert_eq!(artifact.read("a.json"), Ok(Some(b"[1, 2, 3]".to_vec())));
        assert_eq!(artifact.read("b.json"), Ok(Some(Vec::new())));
    }
    assert_eq!(open(zip(&[])).read("a.json"), Ok(None));
}

#[test]
fn a_path_that_leads_elsewhere_is_refused() {
    let artifact = open(zip(&[("../x", b"1"), ("/x", b"1"), ("a\\x", b"1")]));
    for path in [
        "", "/x", "../x", "a/../x", "a\\x", "x\0", "a/", "./x", "a//x", "a/.", "a\nb",
    ] {
        let error = artifact.read(path).unwrap_err();
        assert!(matches!(error, ArtifactError::Path { .. }), "{path}");
        assert!(error.to_string().contains("is no path inside"), "{error}");
    }
    assert!(artifact.read(&"x".repeat(1025)).is_err());
}

#[test]
fn what_is_no_file_is_refused_with_a_reason() {
    let options = SimpleFileOptions::default();
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.add_directory("deploy", options).unwrap();
    writer.start_file("sub/taskdef.json", options).unwrap();
    writer.add_symlink("link", "/etc/passwd", options).unwrap();
    let artifact = open(writer.finish().unwrap().into_inner());
    assert_eq!(
        refused(&artifact, "deploy"),
        "`deploy` in artifact `Infra` is a folder\n  hint: name a file in it"
    );
    assert!(refused(&artifact, "sub").contains("is a folder"));
    assert!(refused(&artifact, "link").contains("is a symbolic link"));
}

#[test]
fn an_encrypted_file_and_an_unknown_compression_are_refused() {
    let good = zip(&[("taskdef.json", b"{}")]);
    let mut encrypted = good.clone();
    let at = directory(&good);
    encrypted[at + 8] |= 1;
    assert!(refused(&open(encrypted), "taskdef.json").contains("encrypted with a password"));
    let mut bzipped = good;
    bzipped[at + 10] = 12;
    assert!(refused(&open(bzipped), "taskdef.json").contains("another method than `deflate`"));
}

#[test]
fn a_file_that_is_there_twice_is_refused_and_others_are_read() {
    let bytes = zip(&[("a.json", b"1"), ("b.json", b"2"), ("c.json", b"3")]);
    let artifact = open(patched(bytes, b"b.json", b"a.json"));
    assert!(artifact.has("a.json"));
    assert!(refused(&artifact, "a.json").contains("is there more than once"));
    assert_eq!(artifact.read("c.json"), Ok(Some(b"3".to_vec())));
}

#[test]
fn a_damaged_file_is_refused() {
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let bytes = zip_with(stored, &[("a.json", b"[1, 2, 3]")]);
    let artifact = open(patched(bytes, b"[1, 2, 3]", b"[1, 2, 4]"));
    assert!(refused(&artifact, "a.json").contains("cannot be unpacked: Invalid checksum"));
}

#[test]
fn a_long_file_is_refused_at_the_limit_whatever_length_it_announces() {
    let random: Vec<u8> = (0..=FILE_LIMIT)
        .scan(1_u32, |state, _| {
            *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            Some(state.to_be_bytes()[0])
        })
        .collect();
    let fits = open(zip(&[("a", &random[1..])]));
    assert_eq!(fits.read("a").unwrap().unwrap().len(), FILE_LIMIT);
    assert!(
        fits.read_up_to("a", 10)
            .unwrap_err()
            .to_string()
            .contains("has more than 10 bytes")
    );

    let mut bytes = zip(&[("a", &random)]);
    assert!(refused(&open(bytes.clone()), "a").contains("has more than 1048576 bytes"));
    let at = directory(&bytes) + 24;
    bytes[at..at + 4].copy_from_slice(&[1, 0, 0, 0]);
    assert!(open(bytes).read("a").is_err());
}

#[test]
fn a_file_that_becomes_far_too_long_by_unpacking_is_refused() {
    let artifact = open(zip(&[
        ("bomb", &vec![0; 900_000]),
        ("short", &vec![0; 60_000]),
    ]));
    assert!(refused(&artifact, "bomb").contains("more than 200 times longer"));
    assert_eq!(artifact.read("short").unwrap().unwrap().len(), 60_000);
}

#[test]
fn an_artifact_that_is_too_long_or_no_zip_file_is_refused() {
    let error = Artifact::open("Infra", vec![0; ARTIFACT_LIMIT + 1]).unwrap_err();
    assert!(error.to_string().contains("has 16777217 bytes"), "{error}");
    for bytes in [
        b"".to_vec(),
        b"{\"not\": \"a zip file\"}".to_vec(),
        zip(&[("a", b"1")])[..40].to_vec(),
    ] {
        let error = Artifact::open("Infra", bytes).unwrap_err().to_string();
        assert!(
            error.starts_with("artifact `Infra` is no zip file"),
            "{error}"
        );
    }
}

#[test]
fn an_artifact_of_too_many_files_is_refused() {
    let names: Vec<String> = (0..=ENTRIES_LIMIT).map(|n| n.to_string()).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|it| (it.as_str(), &b""[..])).collect();
    assert!(Artifact::open("Infra", zip(&files[1..])).is_ok());
    let error = Artifact::open("Infra", zip(&files)).unwrap_err();
    assert!(
        error.to_string().contains("more than 10000 files"),
        "{error}"
    );
}

#[test]
fn no_memory_is_reserved_for_entries_that_are_only_announced() {
    // A ZIP64 end that announces 2^40 entries, its locator, and an end that refers to them.
    let mut bytes = zip(&[("a", b"1")]);
    let (start, end) = (directory(&bytes) as u64, bytes.len() - 22);
    bytes.truncate(end);
    let number = |value: u64| value.to_le_bytes();
    bytes.extend_from_slice(b"PK\x06\x06");
    bytes.extend_from_slice(&number(44));
    bytes.extend_from_slice(&[45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    for value in [1 << 40, 1 << 40, 1 << 50, start] {
        bytes.extend_from_slice(&number(value));
    }
    bytes.extend_from_slice(b"PK\x06\x07\0\0\0\0");
    bytes.extend_from_slice(&number(end as u64));
    bytes.extend_from_slice(&[1, 0, 0, 0]);
    bytes.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    bytes.extend_from_slice(&[0xff; 12]);
    bytes.extend_from_slice(&[0, 0]);
    assert_eq!(directory::announced_entries(&bytes), 1 << 40);
    let error = Artifact::open("Infra", bytes).unwrap_err();
    assert!(matches!(error, ArtifactError::TooMany { .. }), "{error}");
}

#[test]
fn files_that_may_have_been_meant_are_found() {
    let artifact = open(zip(&[
        ("deploy/taskdef.json", b""),
        ("other/TaskDef.json", b""),
        ("deploy/app-spec.yml", b""),
        ("README.md", b""),
    ]));
    assert_eq!(
        artifact.same_name("taskdef.json"),
        ["deploy/taskdef.json", "other/TaskDef.json"]
    );
    assert!(artifact.same_name("appspec.yml").is_empty());
    assert_eq!(artifact.like_name("appspec.yaml"), ["deploy/app-spec.yml"]);
    assert!(artifact.like_name("zzzzzz").is_empty());
    let by_windows = open(zip(&[("deploy\\taskdef.json", b"")]));
    assert_eq!(
        by_windows.same_name("deploy/taskdef.json"),
        ["deploy\\taskdef.json"]
    );
}

#[test]
fn what_is_printed_of_an_artifact_is_not_its_content() {
    let artifact = open(zip(&[("secret.txt", b"")]));
    let printed = format!("{artifact:?}");
    assert_eq!(printed, "Artifact { name: \"Infra\", entries: 1, .. }");
}

/// Reads everything that there is.
fn unpack(bytes: Vec<u8>) {
    let Ok(artifact) = Artifact::open("Infra", bytes) else {
        return;
    };
    assert!(artifact.entries.len() <= ENTRIES_LIMIT);
    artifact.like_name("taskdef.json");
    for path in artifact.entries.clone().iter().take(50) {
        if let Ok(Some(content)) = artifact.read(path) {
            assert!(content.len() <= FILE_LIMIT);
        }
        if let Ok(Some(content)) = artifact.read_up_to(path, 100) {
            assert!(content.len() <= 100);
        }
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        unpack(bytes);
    }

    #[test]
    fn a_changed_zip_file_does_no_harm(
        changes in proptest::collection::vec(
            (any::<proptest::sample::Index>(), any::<u8>(), any::<bool>()), 1..12,
        ),
        cut in proptest::option::of(any::<proptest::sample::Index>()),
        large in any::<bool>(),
    ) {
        let options = SimpleFileOptions::default().large_file(large);
        let mut bytes = zip_with(options, &[
            ("taskdef.json", br#"{"family": "api"}"#),
            ("zeros", &vec![0; 200_000]),
            ("a/b/appspec.yaml", b"version: 0.0"),
        ]);
        let directory = directory(&bytes);
        for (place, byte, in_directory) in changes {
            // Most of the meaning is in the directory.
            let from = if in_directory { directory } else { 0 };
            let at = from + place.index(bytes.len() - from);
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        unpack(bytes);
    }
}
