//! The guard of the build script fires where the setting was lost, and holds in this build.

#[path = "../build/jitter_entropy.rs"]
mod jitter_entropy;

use jitter_entropy::{VARIABLE, check};

#[test]
fn a_build_without_the_setting_is_refused_with_the_place_where_it_belongs() {
    for lost in [
        None,
        Some(""),
        Some("0"),
        Some("no"),
        Some("false"),
        Some("off"),
        Some("maybe"),
    ] {
        let problem = check(lost).unwrap_err();
        assert!(
            problem.contains(VARIABLE) && problem.contains(".cargo/config.toml"),
            "{problem}"
        );
    }
}

#[test]
fn a_build_with_the_setting_is_let_through() {
    for kept in ["1", "true", "YES", "on"] {
        assert_eq!(check(Some(kept)), Ok(()));
    }
}

#[test]
fn the_workspace_has_the_setting() {
    let config = include_str!("../../../.cargo/config.toml");
    assert!(config.contains(&format!("{VARIABLE} = \"1\"")), "{config}");
}
