//! A plain loop for every processor, and AVX2 by hand. Both decline what they would not be faster at.
use tenon_plugin::{Costs, Error, Kernel, Node, Result, Run};

pub struct Plan {
    alpha: f32,
}

fn supports(node: &Node<'_>) -> Result<()> {
    match node.operand(0)?.elements() {
        count @ 0..=15 => Err(Error::decline(format!("is for 16 elements and more, not {count}"))),
        _ => Ok(()),
    }
}

fn plan(node: &Node<'_>, costs: &mut Costs) -> Result<Plan> {
    let count = node.operand(0)?.elements();
    costs.traffic(8 * count, 2 * count);
    Ok(Plan { alpha: node.real("alpha")? as f32 })
}

fn run(plan: &Plan, run: Run<'_>, part: fn(&[f32], &mut [f32], f32)) -> Result<()> {
    let x = run.operands[0].as_slice::<f32>()?;
    let y = run.results[0].as_mut_slice::<f32>()?;
    run.call.parallel_rows(y, 1, 1 << 16, |first, y| part(&x[first..first + y.len()], y, plan.alpha))
}

fn plain(x: &[f32], y: &mut [f32], alpha: f32) {
    for (&x, y) in x.iter().zip(y) {
        *y = if x > 0.0 { x } else { alpha * x };
    }
}

pub struct Plain;

impl Kernel for Plain {
    const NAME: &'static str = "fast_leaky_relu";
    type Plan = Plan;
    fn supports(node: &Node<'_>) -> Result<()> {
        supports(node)
    }
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
    unsafe fn vectors(x: &[f32], y: &mut [f32], alpha: f32) {
        let (zero, alpha) = (_mm256_setzero_ps(), _mm256_set1_ps(alpha));
        for (x, y) in x.chunks_exact(LANES).zip(y.chunks_exact_mut(LANES)) {
            let v = _mm256_loadu_ps(x.as_ptr());
            let above = _mm256_cmp_ps::<_CMP_GT_OQ>(v, zero);
            _mm256_storeu_ps(y.as_mut_ptr(), _mm256_blendv_ps(_mm256_mul_ps(alpha, v), v, above));
        }
    }

    pub fn leaky_relu(x: &[f32], y: &mut [f32], alpha: f32) {
        // SAFETY: the host runs a kernel of level avx2 only where the processor has it.
        unsafe { vectors(x, y, alpha) };
        let rest = x.len() / LANES * LANES;
        super::plain(&x[rest..], &mut y[rest..], alpha);
    }
}

#[cfg(target_arch = "x86_64")]
pub struct Avx2;

#[cfg(target_arch = "x86_64")]
impl Kernel for Avx2 {
    const NAME: &'static str = "fast_leaky_relu";
    const LEVEL: Option<&'static str> = Some("avx2");
    type Plan = Plan;
    fn supports(node: &Node<'_>) -> Result<()> {
        supports(node)
    }
    fn plan(node: &Node<'_>, costs: &mut Costs) -> Result<Plan> {
        plan(node, costs)
    }
    fn run(plan: &Plan, it: Run<'_>) -> Result<()> {
        run(plan, it, avx2::leaky_relu)
    }
}
