//! Kernels for tenon.leaky_relu, x above 0, else alpha * x: what it means stays with the plugin that defines it.
mod kernel;

use tenon_plugin::{KernelTable, KernelsFor};

struct LeakyRelu;

impl KernelsFor for LeakyRelu {
    const OPERATOR: &'static str = "tenon.leaky_relu";
    const KERNELS: &'static [&'static KernelTable] = &[
        #[cfg(target_arch = "x86_64")]
        &KernelTable::of::<kernel::Avx2>(),
        &KernelTable::of::<kernel::Plain>(),
    ];
}

tenon_plugin::plugin! { manifest: "../plugin.tenon.yaml", kernels_for: [LeakyRelu] }
