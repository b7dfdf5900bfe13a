//! `@NAME@(input) = input / (1 + |input|) * scale`. Its meaning is `lower`; the kernels are only its speed, and `tenon verify` compares the
//! two. The documentation of the crate tenon-plugin says what each function may do.
mod kernel;

use tenon_plugin::{Builder, DType, KernelTable, Node, Operator, Result};

struct TheOperator;

impl Operator for TheOperator {
    const NAME: &'static str = "@OPERATOR@";
    const INFER: Option<fn(&Node<'_>) -> Result<()>> = Some(infer);
    const KERNELS: &'static [&'static KernelTable] = &[
        #[cfg(target_arch = "x86_64")]
        &KernelTable::of::<kernel::Avx2>(),
        &KernelTable::of::<kernel::Plain>(),
    ];

    fn lower(b: &Builder<'_>) -> Result<()> {
        let input = b.operand(0)?;
        let dtype = b.type_of(input)?.dtype;
        let x = b.convert(input, if dtype == DType::F64 { DType::F64 } else { DType::F32 })?;
        let softsign = b.divide(x, b.add(b.splat_like(x, 1.0)?, b.abs(x)?)?)?;
        let y = b.multiply(softsign, b.splat_like(x, b.node().real("scale")?)?)?;
        b.finish(&[b.convert(y, dtype)?])
    }
}

/// The result's type. The manifest's rule `infer: same` would say the same.
fn infer(node: &Node<'_>) -> Result<()> {
    node.set_result(0, &node.operand(0)?)
}

tenon_plugin::plugin! { manifest: "../plugin.tenon.yaml", operators: [TheOperator] }
