//! Fails a build in which the setting that keeps cold starts short was lost.

mod jitter_entropy;

fn main() {
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-env-changed={}", jitter_entropy::VARIABLE);
    let value = std::env::var(jitter_entropy::VARIABLE).ok();
    if let Err(problem) = jitter_entropy::check(value.as_deref()) {
        for line in problem.lines() {
            println!("cargo::error={line}");
        }
    }
}
