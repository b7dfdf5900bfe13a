//! Operators and their tables.
use crate::builder::Builder;
use crate::error::Result;
use crate::host::fence;
use crate::kernel::KernelTable;
use crate::node::Node;
use tenon_sys::*;

/// An operator of this plugin: a type rule, a meaning, and perhaps kernels.
///
/// The meaning is what counts: a kernel must compute the same, and `tenon verify` compares the two.
pub trait Operator: 'static {
    /// As in the manifest, without namespace.
    const NAME: &'static str;
    /// As in the manifest.
    const VERSION: u32 = 1;
    /// The result types, through [`Node::set_result`]. `None` where the manifest names a stock rule (`infer: same`).
    const INFER: Option<fn(&Node<'_>) -> Result<()>> = None;
    /// The form at a target whose operands differ: writes what belongs around a [`Builder::carrier`], or declines.
    const LOWER_AS: Option<fn(&Builder<'_>, &str) -> Result<()>> = None;
    /// The kernels, `&[KernelTable::of::<MyKernel>()]`, as the manifest lists them.
    const KERNELS: &'static [&'static KernelTable] = &[];
    /// The meaning: builder calls that end in [`Builder::finish`].
    fn lower(b: &Builder<'_>) -> Result<()>;
}

/// Kernels for an operator that another plugin defines (manifest: `kernels_for`).
pub trait KernelsFor: 'static {
    /// The operator with its namespace, `"tenon.rms_norm"`.
    const OPERATOR: &'static str;
    /// Its version, as in the manifest.
    const VERSION: u32 = 1;
    /// The kernels.
    const KERNELS: &'static [&'static KernelTable];
}

/// The constant table of one operator. [`plugin!`](crate::plugin) makes them.
#[derive(Debug)]
#[repr(transparent)]
pub struct OperatorTable(tenon_operator);

// SAFETY: constant, and points at constants.
unsafe impl Sync for OperatorTable {}

const EMPTY: tenon_operator = tenon_operator {
    header: header_of::<tenon_operator>(TENON_KIND_OPERATOR),
    name: std::ptr::null(),
    name_length: 0,
    version: 0,
    flags: 0,
    infer: None,
    lower: None,
    lower_as: None,
    kernels: std::ptr::null(),
    kernel_count: 0,
    user: std::ptr::null(),
};

impl OperatorTable {
    /// The table of an operator.
    pub const fn of<O: Operator>() -> OperatorTable {
        OperatorTable(tenon_operator {
            name: O::NAME.as_ptr().cast(),
            name_length: O::NAME.len(),
            version: O::VERSION,
            infer: match O::INFER {
                Some(_) => Some(infer::<O>),
                None => None,
            },
            lower: Some(lower::<O>),
            lower_as: match O::LOWER_AS {
                Some(_) => Some(lower_as::<O>),
                None => None,
            },
            kernels: O::KERNELS.as_ptr().cast(),
            kernel_count: O::KERNELS.len(),
            ..EMPTY
        })
    }
    /// The table of kernels for another plugin's operator.
    pub const fn kernels_for<K: KernelsFor>() -> OperatorTable {
        OperatorTable(tenon_operator {
            name: K::OPERATOR.as_ptr().cast(),
            name_length: K::OPERATOR.len(),
            version: K::VERSION,
            flags: TENON_OPERATOR_KERNELS_ONLY,
            kernels: K::KERNELS.as_ptr().cast(),
            kernel_count: K::KERNELS.len(),
            ..EMPTY
        })
    }
}

unsafe extern "C" fn infer<O: Operator>(call: *mut tenon_call, _: *const tenon_operator, node: *const tenon_node) -> i32 {
    fence(call, || match O::INFER {
        Some(infer) => infer(&Node::new(call, node)),
        None => Ok(()),
    })
}
unsafe extern "C" fn lower<O: Operator>(
    call: *mut tenon_call,
    _: *const tenon_operator,
    node: *const tenon_node,
    builder: *mut tenon_builder,
) -> i32 {
    fence(call, || O::lower(&Builder::new(call, node, builder)))
}
unsafe extern "C" fn lower_as<O: Operator>(
    call: *mut tenon_call,
    _: *const tenon_operator,
    node: *const tenon_node,
    target: *const std::os::raw::c_char,
    length: usize,
    builder: *mut tenon_builder,
) -> i32 {
    fence(call, || match O::LOWER_AS {
        Some(lower_as) => {
            let target = std::slice::from_raw_parts(target.cast::<u8>(), length);
            lower_as(&Builder::new(call, node, builder), std::str::from_utf8(target).unwrap_or(""))
        }
        None => Ok(()),
    })
}
