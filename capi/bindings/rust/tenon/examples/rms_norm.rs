//! Build a graph, lower it, run it.
use tenon::{Context, DType, Graph, Target, View, ViewMut};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // story: build, lower, run
    let context = Context::new()?;
    let mut graph = Graph::new(&context, "norm")?;
    let x = graph.input("x", DType::F32, &[2, 4])?;
    let w = graph.input("w", DType::F32, &[4])?;
    let y = graph.node("norm", "rms_norm").operands(&[x, w]).attr("epsilon", 1e-5).one()?;
    graph.output("y", y)?;

    println!("{}", graph.lower(&Target::find(&context, "iree")?, None)?.text()?);

    let program = graph.compile()?; // once; then run often, from any thread
    let (x, w, mut y) = ([1.0f32, 2.0, 3.0, 4.0, -1.0, 0.0, 1.0, 0.0], [1.0f32, 1.0, 2.0, 0.5], [0.0f32; 8]);
    program.run(&[View::new(&x, &[2, 4])?, View::new(&w, &[4])?], &mut [ViewMut::new(&mut y, &[2, 4])?])?;
    // end of story

    // The formula in f64, to see that it is right.
    for (row, got) in x.chunks(4).zip(y.chunks(4)) {
        let mean = row.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>() / 4.0;
        for i in 0..4 {
            let want = f64::from(row[i]) / (mean + 1e-5).sqrt() * f64::from(w[i]);
            if (f64::from(got[i]) - want).abs() > 1e-6 * want.abs() {
                return Err(format!("got {}, the formula gives {want}", got[i]).into());
            }
        }
    }
    println!("{y:?}\n{}", program.plan()?);
    Ok(())
}
