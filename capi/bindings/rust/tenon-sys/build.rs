//! Finds libtenon: in the folder that TENON_LIB_DIR names, or as pkg-config says. Plugins (no feature `host`) need neither.
use std::env;
use std::process::{exit, Command};

fn link(folder: &str) {
    println!("cargo:rustc-link-search=native={folder}");
    // Programs that want an rpath read it as DEP_TENON_LIB_DIR in a build script of their own.
    println!("cargo:lib_dir={folder}");
}

fn pkg_config() -> Result<String, String> {
    let program = env::var("PKG_CONFIG").unwrap_or_else(|_| "pkg-config".to_string());
    let output = Command::new(&program)
        .args(["--libs", "--keep-system-libs", "tenon"])
        .output()
        .map_err(|error| format!("cannot run {program}: {error}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).trim().to_string())
    }
}

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    for variable in ["TENON_LIB_DIR", "PKG_CONFIG", "PKG_CONFIG_PATH", "PKG_CONFIG_LIBDIR", "PKG_CONFIG_SYSROOT_DIR"] {
        println!("cargo:rerun-if-env-changed={variable}");
    }
    if env::var_os("CARGO_FEATURE_HOST").is_none() {
        return;
    }
    println!("cargo:rustc-link-lib=dylib=tenon");
    if let Ok(folder) = env::var("TENON_LIB_DIR") {
        link(&folder);
        return;
    }
    match pkg_config() {
        Ok(flags) => flags.split_whitespace().filter_map(|flag| flag.strip_prefix("-L")).for_each(link),
        Err(reason) => {
            eprintln!("tenon-sys: libtenon is not found: {reason}");
            eprintln!("install libtenon-dev, or set PKG_CONFIG_PATH to the folder of tenon.pc, or TENON_LIB_DIR to that of libtenon.so");
            exit(1);
        }
    }
}
