//! Kernels and their tables.
use crate::error::Result;
use crate::host::fence;
use crate::node::{Call, Node};
use crate::tensors::{Operand, Output};
use std::mem::MaybeUninit;
use std::os::raw::c_void;
use tenon_sys::*;

/// One way to compute an operator, chosen by [`supports`](Kernel::supports) and the manifest, planned once, run often.
pub trait Kernel: 'static {
    /// As in the manifest's `kernels`.
    const NAME: &'static str;
    /// The SIMD level that `run` needs: `"avx2"`, `"avx512"`, `"neon64"`, .. as the manifest's `levels` list it. The host runs the kernel
    /// only where the CPU has it, so that `run` may call a function with the `target_feature`s of that level.
    const LEVEL: Option<&'static str> = None;
    /// Whether `run` takes operands and results of any strides; without it all are compact row-major.
    const STRIDED: bool = false;
    /// Everything that `run` needs to know, decided in `plan`. Used by any threads at once.
    type Plan: Send + Sync;

    /// Declines a node with [`Error::decline`](crate::Error::decline) and a reason, which `tenon explain` shows. Cheap. The manifest's
    /// dtypes are checked before.
    fn supports(_node: &Node<'_>) -> Result<()> {
        Ok(())
    }
    /// Decides everything that `run` needs. All sizes are known.
    fn plan(node: &Node<'_>, costs: &mut Costs) -> Result<Self::Plan>;
    /// Computes the results. Called by any threads at once: no allocation, no lock, no I/O, no thread of its own.
    fn run(plan: &Self::Plan, run: Run<'_>) -> Result<()>;
}

/// What `plan` tells the host.
#[derive(Debug)]
pub struct Costs {
    pub(crate) raw: tenon_kernel_plan,
}

impl Costs {
    /// Memory that `run` is given, not initialised; align: a power of two up to 4096.
    pub fn workspace(&mut self, bytes: usize, align: usize) {
        self.raw.workspace_bytes = bytes;
        self.raw.workspace_align = align;
    }
    /// The least traffic in bytes and the useful operations of one run, for reports.
    pub fn traffic(&mut self, bytes: usize, flops: usize) {
        self.raw.bytes = bytes as f64;
        self.raw.flops = flops as f64;
    }
    /// A line of the printed plan.
    pub fn note(&mut self, note: &'static str) {
        self.raw.note = note.as_ptr().cast();
        self.raw.note_length = note.len();
    }
    /// `run` is right also where that result (0 or 1) is the very same memory as that operand.
    ///
    /// # Safety
    /// `run` must then reach both through [`Operand::as_ptr`] and [`Output::as_mut_ptr`] alone: a `&[T]` and a `&mut [T]` to the same
    /// memory are undefined behaviour.
    pub unsafe fn result_may_alias(&mut self, result: usize, operand: usize) {
        let bits = if result == 0 { &mut self.raw.result0_may_alias } else { &mut self.raw.result1_may_alias };
        *bits |= 1 << operand;
    }
}

/// One run of a kernel.
#[derive(Debug)]
pub struct Run<'a> {
    /// The frame: threads, cancellation.
    pub call: Call<'a>,
    /// The operands, in the operator's order.
    pub operands: &'a [Operand<'a>],
    /// The results.
    pub results: &'a mut [Output<'a>],
    /// The memory that [`Costs::workspace`] asked for.
    pub workspace: &'a mut [MaybeUninit<u8>],
}

/// The constant table of one kernel.
#[derive(Debug)]
#[repr(transparent)]
pub struct KernelTable(tenon_kernel);

// SAFETY: constant, and points at constants.
unsafe impl Sync for KernelTable {}

impl KernelTable {
    /// The table of a kernel.
    pub const fn of<K: Kernel>() -> KernelTable {
        let (level, level_length) = match K::LEVEL {
            Some(level) => (level.as_ptr(), level.len()),
            None => (std::ptr::null(), 0),
        };
        KernelTable(tenon_kernel {
            header: header_of::<tenon_kernel>(TENON_KIND_KERNEL),
            name: K::NAME.as_ptr().cast(),
            name_length: K::NAME.len(),
            level: level.cast(),
            level_length,
            flags: if K::STRIDED { TENON_KERNEL_STRIDED } else { 0 },
            reserved0: 0,
            table: std::ptr::null(),
            supports: Some(supports::<K>),
            plan: Some(plan::<K>),
            run: Some(run::<K>),
            plan_destroy: Some(plan_destroy::<K>),
        })
    }
}

// The plan and the size of its workspace, which run is not told.
struct Planned<P> {
    plan: P,
    workspace_bytes: usize,
}

unsafe extern "C" fn supports<K: Kernel>(call: *mut tenon_call, _: *const tenon_kernel, node: *const tenon_node) -> i32 {
    fence(call, || K::supports(&Node::new(call, node)))
}

unsafe extern "C" fn plan<K: Kernel>(
    call: *mut tenon_call,
    _: *const tenon_kernel,
    node: *const tenon_node,
    out: *mut tenon_kernel_plan,
) -> i32 {
    fence(call, || {
        let mut costs = Costs { raw: *out };
        let plan = K::plan(&Node::new(call, node), &mut costs)?;
        let planned = Planned { plan, workspace_bytes: costs.raw.workspace_bytes };
        costs.raw.state = Box::into_raw(Box::new(planned)).cast();
        *out = costs.raw;
        Ok(())
    })
}

unsafe extern "C" fn run<K: Kernel>(
    call: *mut tenon_call,
    _: *const tenon_kernel,
    state: *const c_void,
    operands: *const tenon_tensor_view,
    operand_count: usize,
    results: *const tenon_tensor_view,
    result_count: usize,
    workspace: *mut c_void,
) -> i32 {
    fence(call, || {
        let planned = &*state.cast::<Planned<K::Plan>>();
        K::run(
            &planned.plan,
            Run {
                call: Call::new(call),
                operands: slice(operands.cast::<Operand<'_>>(), operand_count),
                // The host's views are constant, and Output never writes to them, only to what they point at; each is lent to this run.
                results: slice_mut(results.cast::<Output<'_>>() as *mut Output<'_>, result_count),
                workspace: slice_mut(workspace.cast::<MaybeUninit<u8>>(), planned.workspace_bytes),
            },
        )
    })
}

unsafe extern "C" fn plan_destroy<K: Kernel>(call: *mut tenon_call, _: *const tenon_kernel, state: *mut c_void) {
    fence(call, || {
        drop(Box::from_raw(state.cast::<Planned<K::Plan>>()));
        Ok(())
    });
}

unsafe fn slice<'a, T>(data: *const T, count: usize) -> &'a [T] {
    if count == 0 {
        &[]
    } else {
        std::slice::from_raw_parts(data, count)
    }
}
unsafe fn slice_mut<'a, T>(data: *mut T, count: usize) -> &'a mut [T] {
    if count == 0 || data.is_null() {
        &mut []
    } else {
        std::slice::from_raw_parts_mut(data, count)
    }
}
