//! The examples are plugins: linked as strictly as the host loads them, so that a missing symbol is found here.
fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    for option in ["defs", "now", "relro", "nodelete", "noexecstack"] {
        println!("cargo:rustc-link-arg-examples=-Wl,-z,{option}");
    }
}
