//! The smallest plugin: an operator by its meaning alone, which runs through its lowering.
// story: an operator
use tenon_plugin::{Builder, Operator, Result};

/// square(x) = x * x.
struct Square;

impl Operator for Square {
    const NAME: &'static str = "square";
    fn lower(b: &Builder<'_>) -> Result<()> {
        let x = b.operand(0)?;
        b.finish(&[b.multiply(x, x)?])
    }
}

tenon_plugin::plugin! { manifest: "square.tenon.yaml", operators: [Square] }
// end of story
