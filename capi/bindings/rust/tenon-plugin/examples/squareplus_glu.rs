//! A plugin: `example.squareplus_glu`, with a type rule, a lowering that uses another operator, and two kernels.
//!
//!     cargo build --release -p tenon-plugin --example squareplus_glu
use tenon_plugin::{attr, Builder, Code, Costs, DType, Kernel, KernelTable, Node, Operator, Result, Run, Type, DYNAMIC};

struct SquareplusGlu;

impl Operator for SquareplusGlu {
    const NAME: &'static str = "squareplus_glu";
    const INFER: Option<fn(&Node<'_>) -> Result<()>> = Some(infer);
    const KERNELS: &'static [&'static KernelTable] = &[&KernelTable::of::<Avx2>(), &KernelTable::of::<Scalar>()];

    fn lower(b: &Builder<'_>) -> Result<()> {
        let input = b.operand(0)?;
        let dtype = b.type_of(input)?.dtype;
        let wide = if dtype == DType::F64 { DType::F64 } else { DType::F32 };
        let halves = b.apply("split", &[b.convert(input, wide)?], &[attr("parts", 2), attr("axis", -1)])?;
        let (a, gate) = (halves[0], halves[1]);
        let root = b.sqrt(b.add(b.multiply(gate, gate)?, b.splat_like(gate, b.node().real("b")?)?)?)?;
        let smooth = b.multiply(b.add(gate, root)?, b.splat_like(gate, 0.5)?)?;
        b.finish(&[b.convert(b.multiply(a, smooth)?, dtype)?])
    }
}

fn infer(node: &Node<'_>) -> Result<()> {
    let input = node.operand(0)?;
    let mut dims = input.dims.clone();
    match dims.last_mut() {
        Some(last) if *last != DYNAMIC && *last % 2 == 0 => *last /= 2,
        _ => {
            let error = node.error(Code::INVALID_ARGUMENT, format!("the last size of the input must be known and even, got {input}"));
            return Err(error.advise("put both halves of the unit side by side in the last dimension"));
        }
    }
    node.set_result(0, &Type { dims, ..input })
}

struct Plan {
    b: f32,
    half: usize,
}

fn plan(node: &Node<'_>, costs: &mut Costs) -> Result<Plan> {
    let input = node.operand(0)?;
    let half = input.dims[input.rank() - 1] as usize / 2;
    costs.traffic(6 * input.elements(), 3 * input.elements());
    Ok(Plan { b: node.real("b")? as f32, half })
}

fn run(plan: &Plan, run: Run<'_>, row: impl Fn(&[f32], &[f32], f32, &mut [f32]) + Sync) -> Result<()> {
    let input = run.operands[0].as_slice::<f32>()?;
    let output = run.results[0].as_mut_slice::<f32>()?;
    let half = plan.half;
    let grain = 16 * 1024 / half.max(1) + 1;
    run.call.parallel_rows(output, half, grain, |first, rows| {
        for (i, out) in rows.chunks_exact_mut(half).enumerate() {
            let (a, gate) = input[(first + i) * 2 * half..][..2 * half].split_at(half);
            row(a, gate, plan.b, out);
        }
    })
}

/// Plain Rust: compiled for whatever the crate is compiled for.
struct Scalar;

#[inline(always)]
fn row(a: &[f32], gate: &[f32], b: f32, out: &mut [f32]) {
    for ((out, &a), &g) in out.iter_mut().zip(a).zip(gate) {
        *out = a * ((g + (g * g + b).sqrt()) * 0.5);
    }
}

impl Kernel for Scalar {
    const NAME: &'static str = "scalar";
    type Plan = Plan;
    fn plan(node: &Node<'_>, costs: &mut Costs) -> Result<Plan> {
        plan(node, costs)
    }
    fn run(p: &Plan, r: Run<'_>) -> Result<()> {
        run(p, r, row)
    }
}

/// For CPUs with AVX2: the host looks, and runs it only there.
struct Avx2;

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn row_avx2(a: &[f32], gate: &[f32], b: f32, out: &mut [f32]) {
    use std::arch::x86_64::*;
    let whole = out.len().min(a.len()).min(gate.len()) / 8 * 8;
    let (half, wide_b) = (_mm256_set1_ps(0.5), _mm256_set1_ps(b));
    for i in (0..whole).step_by(8) {
        // i + 8 is at most the length of all three.
        let g = _mm256_loadu_ps(gate.as_ptr().add(i));
        let root = _mm256_sqrt_ps(_mm256_add_ps(_mm256_mul_ps(g, g), wide_b));
        let smooth = _mm256_mul_ps(_mm256_add_ps(g, root), half);
        _mm256_storeu_ps(out.as_mut_ptr().add(i), _mm256_mul_ps(_mm256_loadu_ps(a.as_ptr().add(i)), smooth));
    }
    row(&a[whole..], &gate[whole..], b, &mut out[whole..]);
}

impl Kernel for Avx2 {
    const NAME: &'static str = "avx2";
    const LEVEL: Option<&'static str> = Some("avx2");
    type Plan = Plan;
    fn plan(node: &Node<'_>, costs: &mut Costs) -> Result<Plan> {
        plan(node, costs)
    }
    #[cfg(target_arch = "x86_64")]
    fn run(p: &Plan, r: Run<'_>) -> Result<()> {
        // SAFETY: LEVEL.
        run(p, r, |a, gate, b, out| unsafe { row_avx2(a, gate, b, out) })
    }
    #[cfg(not(target_arch = "x86_64"))]
    fn run(p: &Plan, r: Run<'_>) -> Result<()> {
        run(p, r, row) // never: no other architecture has the level
    }
}

tenon_plugin::plugin! { manifest: "squareplus_glu.tenon.yaml", operators: [SquareplusGlu] }
