//! The speed: a plain loop for every processor, and AVX2 by hand. Each takes the lowering's steps in the lowering's order, so that every
//! bit is the same. What a kernel does not take it would decline in `supports`: `Err(Error::decline("why"))`, which `tenon explain` shows.
use tenon_plugin::{Costs, Kernel, Node, Result, Run};

pub struct Plan {
    scale: f32,
}

fn plan(node: &Node<'_>, costs: &mut Costs) -> Result<Plan> {
    let count = node.operand(0)?.elements();
    costs.traffic(8 * count, 3 * count);
    Ok(Plan { scale: node.real("scale")? as f32 })
}

/// Operand and result are compact, because the kernels do not say that they take strides. No allocation and no lock in here.
fn run(plan: &Plan, run: Run<'_>, part: fn(&[f32], &mut [f32], f32)) -> Result<()> {
    let x = run.operands[0].as_slice::<f32>()?;
    let y = run.results[0].as_mut_slice::<f32>()?;
    run.call.parallel_rows(y, 1, 1 << 16, |first, y| part(&x[first..first + y.len()], y, plan.scale))
}

fn plain(x: &[f32], y: &mut [f32], scale: f32) {
    for (x, y) in x.iter().zip(y) {
        *y = x / (1.0 + x.abs()) * scale;
    }
}

pub struct Plain;

impl Kernel for Plain {
    const NAME: &'static str = "@OPERATOR@";
    type Plan = Plan;
    fn plan(node: &Node<'_>, costs: &mut Costs) -> Result<Plan> {
        plan(node, costs)
    }
    fn run(plan: &Plan, it: Run<'_>) -> Result<()> {
        run(plan, it, plain)
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::*;

    const LANES: usize = 8;

    #[target_feature(enable = "avx2")]
    unsafe fn vectors(x: &[f32], y: &mut [f32], scale: f32) {
        let (one, scale) = (_mm256_set1_ps(1.0), _mm256_set1_ps(scale));
        let sign = _mm256_set1_ps(-0.0);
        for (x, y) in x.chunks_exact(LANES).zip(y.chunks_exact_mut(LANES)) {
            let v = _mm256_loadu_ps(x.as_ptr());
            let softsign = _mm256_div_ps(v, _mm256_add_ps(one, _mm256_andnot_ps(sign, v)));
            _mm256_storeu_ps(y.as_mut_ptr(), _mm256_mul_ps(softsign, scale));
        }
    }

    pub fn softsign(x: &[f32], y: &mut [f32], scale: f32) {
        // SAFETY: the host runs a kernel of level avx2 only where the processor has it.
        unsafe { vectors(x, y, scale) };
        let rest = x.len() / LANES * LANES;
        super::plain(&x[rest..], &mut y[rest..], scale);
    }
}

#[cfg(target_arch = "x86_64")]
pub struct Avx2;

#[cfg(target_arch = "x86_64")]
impl Kernel for Avx2 {
    const NAME: &'static str = "@OPERATOR@";
    const LEVEL: Option<&'static str> = Some("avx2");
    type Plan = Plan;
    fn plan(node: &Node<'_>, costs: &mut Costs) -> Result<Plan> {
        plan(node, costs)
    }
    fn run(plan: &Plan, it: Run<'_>) -> Result<()> {
        run(plan, it, avx2::softsign)
    }
}
