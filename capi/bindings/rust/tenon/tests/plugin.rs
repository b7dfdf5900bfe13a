//! A plugin in Rust, linked into this program: what it is told, what it builds, and that its errors and panics stay errors.
use tenon::*;
use tenon_plugin::{Builder, Contraction, Costs, Kernel, KernelTable, KernelsFor, Level, Node, Operator, Run};

type Done<T> = tenon_plugin::Result<T>;

struct Scale;
impl Operator for Scale {
    const NAME: &'static str = "scale";
    const INFER: Option<fn(&Node<'_>) -> Done<()>> = Some(infer);
    const KERNELS: &'static [&'static KernelTable] = &[&KernelTable::of::<ScaleKernel>()];
    fn lower(b: &Builder<'_>) -> Done<()> {
        match b.node().string("trouble")? {
            "lower" => panic!("lower, as told"),
            "lower_text" => std::panic::panic_any(7),
            _ => {}
        }
        let x = b.operand(0)?;
        b.finish(&[b.multiply(x, b.splat_like(x, b.node().real("factor")?)?)?])
    }
}
fn infer(node: &Node<'_>) -> Done<()> {
    let input = node.operand(0)?;
    let trouble = node.string("trouble")?;
    if trouble == "infer" {
        let nothing: Vec<i32> = Vec::new();
        let _ = nothing[input.rank() + 1]; // a panic of the library's
    }
    if trouble == "advice" {
        return Err(node.error(Code::OUT_OF_RANGE, format!("no {trouble}")).advise("take another"));
    }
    // What a node is told.
    assert_eq!((node.operator(), node.operand_count(), node.result_count()), ("scale", 1, 1));
    assert_eq!((node.integers("numbers")?, node.reals("reals")?), (&[1i64, 2, 3][..], &[0.5][..]));
    assert_eq!((node.dtype("to")?, node.flag("flag")?, node.has("trouble"), node.has("nothing")), (DType::BF16, true, true, false));
    assert!(node.integer("factor").is_err() && node.optional(1).is_none() && node.operand(1).is_err());
    if input.rank() > 0 {
        node.axis("axis", input.rank())?;
    }
    node.call().log(Level::Debug, || format!("types {input}"));
    node.set_result(0, &input)
}

struct ScaleKernel;
struct ScalePlan {
    factor: f32,
    trouble: String,
}
static PLANS: std::sync::atomic::AtomicI32 = std::sync::atomic::AtomicI32::new(0);
impl Drop for ScalePlan {
    fn drop(&mut self) {
        PLANS.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
    }
}
impl Kernel for ScaleKernel {
    const NAME: &'static str = "scale";
    type Plan = ScalePlan;
    fn supports(node: &Node<'_>) -> Done<()> {
        if node.string("trouble")? == "supports" {
            return Err(tenon_plugin::Error::decline("it was told to"));
        }
        Ok(())
    }
    fn plan(node: &Node<'_>, costs: &mut Costs) -> Done<ScalePlan> {
        let trouble = node.string("trouble")?.to_string();
        assert!(trouble != "plan", "plan, as told");
        costs.workspace(64, 64);
        costs.traffic(8 * node.operand(0)?.elements(), node.operand(0)?.elements());
        costs.note("as told");
        PLANS.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        Ok(ScalePlan { factor: node.real("factor")? as f32, trouble })
    }
    fn run(plan: &ScalePlan, run: Run<'_>) -> Done<()> {
        assert!(plan.trouble != "run", "run, as told");
        assert!(run.workspace.len() == 64 && run.workspace.as_ptr() as usize % 64 == 0 && run.call.threads() >= 1);
        if plan.trouble == "dtype" {
            run.operands[0].as_slice::<f64>()?;
        }
        let factor = if plan.trouble == "wrong" { plan.factor * 1.5 } else { plan.factor };
        let x = run.operands[0].as_slice::<f32>()?;
        let y = run.results[0].as_mut_slice::<f32>()?;
        run.call.parallel_rows(y, 1, 100, |first, part| {
            assert!(plan.trouble != "part" || first == 0, "part, as told");
            for (y, x) in part.iter_mut().zip(&x[first..]) {
                *y = x * factor;
            }
        })
    }
}

struct Pieces;
impl Operator for Pieces {
    const NAME: &'static str = "pieces";
    const INFER: Option<fn(&Node<'_>) -> Done<()>> = Some(|node| node.set_result(0, &node.operand(0)?));
    // (x - max(x)) * 3 - max(x) + x . 1 (+ bias), along the last dimension.
    fn lower(b: &Builder<'_>) -> Done<()> {
        let x = b.operand(0)?;
        let of = b.type_of(x)?;
        let last = of.rank() as i64 - 1;
        let at: Vec<i64> = (0..last).collect();
        let lowest = b.scalar(of.dtype, f64::NEG_INFINITY)?;
        let most = b.broadcast_to(b.reduce(x, lowest, &[last], |a, c| b.maximum(a, c))?, x, &at)?;
        let three = b.broadcast_like(b.constant(&[1], &[3.0f32])?, x)?;
        let ones = b.splat(&Type::new(of.dtype, &[of.dims[last as usize]]), 1.0)?;
        let over = Contraction { a_contract: vec![last], b_contract: vec![0], ..Default::default() };
        let sums = b.broadcast_to(b.dot_general(x, ones, &over, of.dtype)?, x, &at)?;
        let mut y = b.subtract(b.multiply(b.subtract(x, most)?, three)?, most)?;
        y = b.add(y, sums)?;
        if let Some(bias) = b.optional(1)? {
            y = b.add(y, bias)?;
        }
        // What the builder refuses is an error, and stays one.
        assert!(
            b.splat(&Type::new(DType::I8, &[]), 128.0).is_err() && b.splat(&Type::new(DType::I64, &[]), 9223372036854775808.0).is_err()
        );
        b.finish(&[y])
    }
}

struct FastSilu;
struct SiluKernel;
impl KernelsFor for FastSilu {
    const OPERATOR: &'static str = "tenon.silu";
    const KERNELS: &'static [&'static KernelTable] = &[&KernelTable::of::<SiluKernel>()];
}
impl Kernel for SiluKernel {
    const NAME: &'static str = "silu";
    type Plan = ();
    fn plan(_: &Node<'_>, _: &mut Costs) -> Done<()> {
        Ok(())
    }
    fn run(_: &(), run: Run<'_>) -> Done<()> {
        let x = run.operands[0].as_slice::<f32>()?;
        for (y, &x) in run.results[0].as_mut_slice::<f32>()?.iter_mut().zip(x) {
            *y = (f64::from(x) / (1.0 + (-f64::from(x)).exp())) as f32;
        }
        Ok(())
    }
}

tenon_plugin::static_plugin! { static TEST, manifest: "plugin.tenon.yaml", operators: [Scale, Pieces], kernels_for: [FastSilu] }

fn context() -> Context {
    // SAFETY: made by static_plugin!.
    unsafe { ContextOptions::new().no_environment().threads(2).static_plugin(TEST.query, TEST.manifest) }.build().unwrap()
}
fn scale(trouble: &str) -> Result<Vec<f32>> {
    let context = context();
    let trouble = format!("trouble={trouble}");
    let program = Graph::from_operator(&context, "test.scale", "f32", "1000", &[&trouble])?.compile()?;
    let x: Vec<f32> = (0..1000).map(|i| i as f32).collect();
    let mut y = vec![0.0f32; 1000];
    program.run(&[View::new(&x, &[1000])?], &mut [ViewMut::new(&mut y, &[1000])?])?;
    Ok(y)
}

#[test]
fn it_says_what_it_is() {
    assert_eq!((TEST.name, TEST.version, TEST.operators.len()), ("org.example.rust-test", "1.2.3", 3));
    let plugins = context().plugins().unwrap();
    assert!(plugins.contains("org.example.rust-test") && !plugins.contains("REJECTED"));
}

#[test]
fn it_runs_and_lowers() {
    assert_eq!(scale("none").unwrap()[999], 1998.0);
    assert_eq!(scale("supports").unwrap()[999], 1998.0); // through its lowering
    let context = context();
    let graph = Graph::from_operator(&context, "test.scale", "bf16", "2x3", &["factor=0.5"]).unwrap();
    assert!(graph.lower(&Target::find(&context, "stablehlo").unwrap(), None).unwrap().text().unwrap().contains("stablehlo.multiply"));
    let explained = Graph::from_operator(&context, "test.scale", "f32", "3", &["trouble=supports"]).unwrap().compile().unwrap();
    assert!(explained.explain().unwrap().contains("it was told to"));
    let planned = Graph::from_operator(&context, "test.scale", "f32", "3", &[]).unwrap().compile().unwrap();
    assert!(planned.plan().unwrap().contains("as told"));
}

#[test]
fn plans_are_dropped() {
    scale("none").unwrap();
    assert!(scale("run").is_err());
    // Other tests plan too; all of them end.
    for _ in 0..500 {
        if PLANS.load(std::sync::atomic::Ordering::SeqCst) == 0 {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("a plan is left");
}

#[test]
fn a_lowering_of_many_pieces() {
    let context = context();
    for (shape, names) in [(&[2i64, 3][..], "static"), (&[DYNAMIC, 3], "dynamic")] {
        let mut graph = Graph::new(&context, names).unwrap();
        let x = graph.input("x", DType::F32, shape).unwrap();
        let bias = graph.input("bias", DType::F32, shape).unwrap();
        let y = graph.node("y", "test.pieces").operands(&[x, bias]).one().unwrap();
        let z = graph.node("z", "test.pieces").operands(&[x]).one().unwrap();
        graph.output("y", y).unwrap();
        graph.output("z", z).unwrap();
        let program = graph.compile().unwrap();
        let (x, bias) = ([1.0f32, 2.0, 3.0, -1.0, 0.0, 1.0], [10.0f32; 6]);
        let (mut y, mut z) = ([0.0f32; 6], [0.0f32; 6]);
        let outputs = &mut [ViewMut::new(&mut y, &[2, 3]).unwrap(), ViewMut::new(&mut z, &[2, 3]).unwrap()];
        program.run(&[View::new(&x, &[2, 3]).unwrap(), View::new(&bias, &[2, 3]).unwrap()], outputs).unwrap();
        // Row 1: max 3, sum 6; row 2: max 1, sum 0.
        assert_eq!(z, [-3.0, 0.0, 3.0, -7.0, -4.0, -1.0]);
        assert_eq!(y, z.map(|v| v + 10.0));
    }
}

#[test]
fn errors_and_panics_are_errors() {
    let failed = |trouble: &str, code: Code, text: &str| {
        let error = scale(trouble).unwrap_err();
        assert_eq!(error.code(), code, "{error:?}");
        assert!(error.report().contains(text), "{error:?}");
    };
    failed("infer", Code::INTERNAL, "index out of bounds");
    failed("advice", Code::OUT_OF_RANGE, "take another");
    failed("run", Code::INTERNAL, "run, as told");
    failed("part", Code::INTERNAL, "part, as told");
    failed("dtype", Code::INTERNAL, "another dtype");
    let context = context();
    for (trouble, text) in [("lower", "lower, as told"), ("lower_text", "with something that is no text")] {
        let graph = Graph::from_operator(&context, "test.scale", "f32", "8", &[&format!("trouble={trouble}")]).unwrap();
        let error = graph.lower(&Target::find(&context, "iree").unwrap(), None).unwrap_err();
        assert_eq!(error.code(), Code::INTERNAL, "{error:?}");
        assert!(error.report().contains(text), "{error:?}");
    }
    // A kernel that fails to plan is passed over, and explain says why.
    assert_eq!(scale("plan").unwrap()[999], 1998.0);
    let program = Graph::from_operator(&context, "test.scale", "f32", "8", &["trouble=plan"]).unwrap().compile().unwrap();
    assert!(program.explain().unwrap().contains("plan, as told"));
    assert_eq!(scale("none").unwrap()[1], 2.0); // the library works on
}

#[test]
fn proof_finds_a_wrong_kernel() {
    let context = context();
    let verdict = |trouble: &str| {
        let graph = Graph::from_operator(&context, "test.scale", "f32", "100", &[&format!("trouble={trouble}")]).unwrap();
        graph.verify(None, &VerifyOptions::default()).unwrap().failed
    };
    assert_eq!((verdict("none"), verdict("wrong")), (0, 1));
}

#[test]
fn a_kernel_for_another_plugin_s_operator() {
    let context = context();
    let graph = Graph::from_operator(&context, "silu", "f32", "3", &[]).unwrap();
    let program = graph.compile_with(&ProgramOptions { pinned_plugin: Some("org.example.rust-test"), ..Default::default() }).unwrap();
    assert!(program.plan().unwrap().contains("org.example.rust-test/silu"));
    let (x, mut y) = ([0.0f32, 1.0, -2.0], [9.0f32; 3]);
    program.run(&[View::new(&x, &[3]).unwrap()], &mut [ViewMut::new(&mut y, &[3]).unwrap()]).unwrap();
    for (x, y) in x.iter().zip(y) {
        assert!((f64::from(y) - f64::from(*x) / (1.0 + f64::from(-x).exp())).abs() < 1e-6);
    }
}
