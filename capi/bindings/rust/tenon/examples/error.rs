//! An error, and what to do about it.
use tenon::{Code, Context, DType, Graph};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let context = Context::new()?;
    // story: an error
    let mut graph = Graph::new(&context, "norm")?;
    let x = graph.input("x", DType::F32, &[2, 4])?;
    let error = graph.node("norm", "rms_norm").operands(&[x]).attr("epsilom", 1e-5).one().unwrap_err();
    println!("{}: {}", error.code(), error.message());
    println!("at node {}", error.place().node);
    println!("advice: {}", error.advice());
    // The graph is as it was: say it right, and go on.
    let y = graph.node("norm", "rms_norm").operands(&[x]).attr("epsilon", 1e-5).one()?;
    graph.output("y", y)?;
    // end of story
    println!("\nall of it:\n{error:?}");
    let right = (error.code(), error.place().node, error.advice()) == (Code::INVALID_ARGUMENT, "norm", "did you mean epsilon?");
    if right {
        Ok(())
    } else {
        Err("the error does not say what it should".into())
    }
}
