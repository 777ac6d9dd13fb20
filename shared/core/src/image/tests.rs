use proptest::prelude::*;

use super::{
    Digest, ImageRef, Partition, Registry, RepositoryName, RepositoryRef, RepositoryUri, Tag,
};

const HEX: &str = "7f5b2640fe6fb4f46592dfd3410c4a79dac4f89e4782432e0378abcd12345678";

/// Parses, prints the same again, and survives `serde` as a string.
fn check<T>(text: &str, is_one: bool)
where
    T: std::str::FromStr + std::fmt::Display + serde::Serialize + serde::de::DeserializeOwned,
{
    let parsed = text.parse::<T>();
    assert_eq!(parsed.is_ok(), is_one, "{text}");
    let Ok(parsed) = parsed else { return };
    assert_eq!(parsed.to_string(), text);
    let json = serde_json::to_value(&parsed).unwrap();
    assert_eq!(json, text);
    assert_eq!(serde_json::from_value::<T>(json).unwrap().to_string(), text);
}

#[test]
fn a_registry_is_read_in_every_partition_and_form() {
    for host in [
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
        "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn",
        "123456789012.dkr.ecr.us-gov-west-1.amazonaws.com",
        "123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov",
        "123456789012.dkr.ecr.us-isob-east-1.sc2s.sgov.gov",
        "123456789012.dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk",
        "123456789012.dkr.ecr.us-isof-south-1.csp.hci.ic.gov",
        "123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu",
        "123456789012.dkr.ecr-fips.us-east-1.amazonaws.com",
        "123456789012.dkr-ecr.eu-west-1.on.aws",
        "123456789012.dkr-ecr-fips.us-east-1.on.aws",
    ] {
        check::<Registry>(host, true);
        check::<RepositoryUri>(&format!("{host}/mco/api"), true);
        check::<RepositoryRef>(&format!("{host}/mco/api"), true);
    }
}

#[test]
fn a_host_that_is_not_ecrs_is_no_registry() {
    for host in [
        "",
        "docker.io",
        "12345678901.dkr.ecr.eu-west-1.amazonaws.com",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com.cn",
        "123456789012.dkr.ecr.cn-north-1.amazonaws.com",
        "123456789012.dkr.ecr.europe.amazonaws.com",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com.example.org",
        "123456789012.dkr-ecr.eu-west-1.amazonaws.com",
        "123456789012.dkr.ecr.eu-west-1.on.aws",
        "123456789012.dkr.ecr..amazonaws.com",
        "١٢٣٤٥٦٧٨٩٠١٢.dkr.ecr.eu-west-1.amazonaws.com",
        "public.ecr.aws",
    ] {
        check::<Registry>(host, false);
    }
}

#[test]
fn a_registry_of_an_account_and_region_knows_its_partition() {
    let registry = Registry::of("123456789012", "cn-north-1").unwrap();
    assert_eq!(
        registry.to_string(),
        "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn"
    );
    assert_eq!(registry.partition(), Partition::China);
    assert_eq!(registry.partition().name(), "aws-cn");
    for (account, region) in [
        ("1234", "eu-west-1"),
        ("123456789012", "eu/west-1"),
        ("123456789012", ""),
    ] {
        assert!(Registry::of(account, region).is_err(), "{account} {region}");
    }
}

#[test]
fn host_names_of_one_registry_are_one_canonically() {
    let parse = |text: &str| text.parse::<RepositoryUri>().unwrap();
    let standard = parse("123456789012.dkr.ecr.us-east-1.amazonaws.com/mco/api");
    let fips = parse("123456789012.dkr.ecr-fips.us-east-1.amazonaws.com/mco/api");
    let dual = parse("123456789012.dkr-ecr.us-east-1.on.aws/mco/api");
    assert_ne!(fips, standard);
    assert_eq!(fips.canonical(), standard);
    assert_eq!(dual.canonical(), standard);
}

#[test]
fn a_repository_name_is_one_or_is_not() {
    let long = format!("a/{}", "b".repeat(254));
    for name in [
        "mco/api",
        "ab",
        "a.b/c_d/e--f",
        "0/1",
        "a__b",
        long.as_str(),
    ] {
        check::<RepositoryName>(name, true);
    }
    let too_long = "a".repeat(257);
    for name in [
        "",
        "a",
        "/api",
        "mco/",
        "mco//api",
        "Mco/api",
        "mco/.api",
        "a..b",
        "a___b",
        "mco/api:test",
        "mco api",
        "mco/äpi",
        "a._b",
        too_long.as_str(),
    ] {
        check::<RepositoryName>(name, false);
    }
}

#[test]
fn a_short_repository_means_the_registry_at_hand() {
    let home = Registry::of("123456789012", "eu-west-1").unwrap();
    let resolve = |text: &str| {
        text.parse::<RepositoryRef>()
            .unwrap()
            .resolve(&home)
            .to_string()
    };
    assert_eq!(
        resolve("mco/api"),
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api"
    );
    assert_eq!(
        resolve("my.team/api"),
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com/my.team/api"
    );
    let elsewhere = "111122223333.dkr.ecr.us-east-1.amazonaws.com/mco/api";
    assert_eq!(resolve(elsewhere), elsewhere);
}

#[test]
fn a_registry_misspelt_is_not_taken_for_a_name() {
    check::<RepositoryRef>("123456789012.dkr.ecr.eu-west-1.amazonaws.co/mco/api", false);
    check::<RepositoryRef>("12345.dkr.ecr.eu-west-1.amazonaws.com/mco/api", false);
}

#[test]
fn a_tag_is_one_or_is_not() {
    let longest = "a".repeat(Tag::MAX_LENGTH);
    for tag in [
        "test",
        "v1.2.3",
        "_x",
        "1",
        "rel-2026.11",
        "A_b",
        longest.as_str(),
    ] {
        check::<Tag>(tag, true);
    }
    let too_long = "a".repeat(Tag::MAX_LENGTH + 1);
    for tag in [
        "",
        "-x",
        ".x",
        "a b",
        "a/b",
        "a:b",
        "rel-*",
        "tést",
        "a\n",
        too_long.as_str(),
    ] {
        check::<Tag>(tag, false);
    }
}

#[test]
fn a_digest_is_one_or_is_not() {
    check::<Digest>(&format!("sha256:{HEX}"), true);
    check::<Digest>(HEX, false);
    check::<Digest>(&format!("sha256:{}", HEX.to_uppercase()), false);
    check::<Digest>(&format!("sha256:{}", &HEX[1..]), false);
    check::<Digest>(&format!("sha256:{HEX}0"), false);
    check::<Digest>(&format!("sha512:{HEX}"), false);
    check::<Digest>("", false);
    let digest: Digest = format!("sha256:{HEX}").parse().unwrap();
    assert_eq!(digest.short(), "7f5b2640fe6f");
}

#[test]
fn an_image_has_a_tag_a_digest_both_or_neither() {
    let repository = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api";
    for rest in [
        "",
        ":test",
        &format!("@sha256:{HEX}"),
        &format!(":test@sha256:{HEX}"),
    ] {
        check::<ImageRef>(&format!("{repository}{rest}"), true);
    }
    for rest in [
        ":",
        "@",
        ":a:b",
        "@sha256:12",
        &format!("@sha256:{HEX}:test"),
        &format!("@sha256:{HEX}@x"),
    ] {
        check::<ImageRef>(&format!("{repository}{rest}"), false);
    }
    for image in [
        "nginx",
        "nginx:1.27",
        "public.ecr.aws/nginx/nginx:1.27",
        "",
        "/",
        "@",
        ":",
    ] {
        check::<ImageRef>(image, false);
    }
}

#[test]
fn an_error_quotes_what_was_written_but_not_all_of_it() {
    let error = format!("-{}\n", "x".repeat(5_000))
        .parse::<Tag>()
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("`-xxx") && error.len() < 400 && !error.contains('\n'),
        "{error}"
    );
}

#[test]
fn an_image_is_pinned_by_digest() {
    let repository: RepositoryUri = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api"
        .parse()
        .unwrap();
    let digest: Digest = format!("sha256:{HEX}").parse().unwrap();
    let pinned = repository.with_digest(&digest);
    let image: ImageRef = pinned.parse().unwrap();
    assert_eq!(
        (image.repository, image.tag, image.digest),
        (repository, None, Some(digest))
    );
}

proptest! {
    #[test]
    fn what_parses_prints_the_same(
        account in "[0-9]{12}",
        region in "(eu|us|ap|cn|us-gov|us-iso|us-isob|eu-isoe|us-isof|eusc-de)-(west|east|north)-[1-9]",
        name in "[a-z0-9]([a-z0-9]|[._-][a-z0-9]){1,20}(/[a-z0-9]{1,8}){0,3}",
        tag in proptest::option::of("[A-Za-z0-9_][A-Za-z0-9._-]{0,40}"),
        hex in proptest::option::of("[0-9a-f]{64}"),
    ) {
        let image = ImageRef {
            repository: RepositoryUri {
                registry: Registry::of(&account, &region).unwrap(),
                name: name.parse().unwrap(),
            },
            tag: tag.map(|tag| tag.parse().unwrap()),
            digest: hex.map(|hex| format!("sha256:{hex}").parse().unwrap()),
        };
        prop_assert_eq!(image.to_string().parse::<ImageRef>(), Ok(image));
    }

    #[test]
    fn nothing_makes_the_parsers_panic(text in any::<String>()) {
        if let Ok(image) = text.parse::<ImageRef>() {
            prop_assert_eq!(image.to_string(), text.clone());
        }
        let _ = text.parse::<Registry>();
        let _ = text.parse::<RepositoryRef>();
        let _ = text.parse::<Tag>();
        let _ = text.parse::<Digest>();
    }

    #[test]
    fn nothing_like_an_image_makes_the_parsers_panic(text in "[0-9]{11,13}\\.dkr[.-]ecr\\.[a-z0-9.-]{0,30}[/:@a-z0-9.-]{0,40}") {
        if let Ok(image) = text.parse::<ImageRef>() {
            prop_assert_eq!(image.to_string(), text);
        }
    }
}
