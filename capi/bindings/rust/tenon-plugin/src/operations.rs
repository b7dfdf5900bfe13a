//! The operations of StableHLO by name.
use crate::builder::{Builder, Value};
use crate::error::Result;
use tenon_sys::attributes::{attr, Attr};
use tenon_sys::types::{DType, Type, DYNAMIC};

/// Which dimensions a [`Builder::dot_general`] goes over, as in StableHLO.
#[derive(Clone, Debug, Default)]
pub struct Contraction {
    /// Dimensions of `a` that run along with those of `b`.
    pub a_batch: Vec<i64>,
    /// Dimensions of `b` that run along with those of `a`.
    pub b_batch: Vec<i64>,
    /// Dimensions of `a` that are summed over.
    pub a_contract: Vec<i64>,
    /// Dimensions of `b` that are summed over.
    pub b_contract: Vec<i64>,
}

macro_rules! elementwise {
    ($($method:ident: $operation:literal($($operand:ident),+);)*) => {
        /// Elementwise operations.
        impl Builder<'_> {
            $(
                #[doc = concat!("`stablehlo.", $operation, "`.")]
                pub fn $method(&self, $($operand: Value),+) -> Result<Value> {
                    self.operation($operation, &[$($operand),+], &[], &[])
                }
            )*
        }
    };
}
elementwise! {
    add: "add"(a, b);
    subtract: "subtract"(a, b);
    multiply: "multiply"(a, b);
    divide: "divide"(a, b);
    remainder: "remainder"(a, b);
    power: "power"(a, b);
    maximum: "maximum"(a, b);
    minimum: "minimum"(a, b);
    atan2: "atan2"(a, b);
    and: "and"(a, b);
    or: "or"(a, b);
    xor: "xor"(a, b);
    not: "not"(a);
    negate: "negate"(a);
    abs: "abs"(a);
    sign: "sign"(a);
    sqrt: "sqrt"(a);
    rsqrt: "rsqrt"(a);
    cbrt: "cbrt"(a);
    exponential: "exponential"(a);
    exponential_minus_one: "exponential_minus_one"(a);
    log: "log"(a);
    log_plus_one: "log_plus_one"(a);
    logistic: "logistic"(a);
    tanh: "tanh"(a);
    sine: "sine"(a);
    cosine: "cosine"(a);
    floor: "floor"(a);
    ceil: "ceil"(a);
    round_nearest_even: "round_nearest_even"(a);
    is_finite: "is_finite"(a);
    clamp: "clamp"(low, a, high);
    select: "select"(condition, a, b);
}

impl Builder<'_> {
    /// `stablehlo.compare`; direction: `EQ NE GE GT LE LT`.
    pub fn compare(&self, direction: &str, a: Value, b: Value) -> Result<Value> {
        self.operation("compare", &[a, b], &[attr("comparison_direction", direction)], &[])
    }
    /// `stablehlo.convert`; no operation if `a` has that element type already.
    pub fn convert(&self, a: Value, to: DType) -> Result<Value> {
        let from = self.type_of(a)?;
        if from.dtype == to {
            Ok(a)
        } else {
            self.operation("convert", &[a], &[], &[Type { dtype: to, ..from }])
        }
    }
}

/// Shapes.
impl Builder<'_> {
    /// `stablehlo.iota`: the position along a dimension.
    pub fn iota(&self, result: &Type, dimension: i64) -> Result<Value> {
        self.operation("iota", &[], &[attr("iota_dimension", dimension)], std::slice::from_ref(result))
    }
    /// `stablehlo.reshape`.
    pub fn reshape(&self, a: Value, dims: &[i64]) -> Result<Value> {
        let dtype = self.type_of(a)?.dtype;
        self.operation("reshape", &[a], &[], &[Type::new(dtype, dims)])
    }
    /// `stablehlo.transpose`.
    pub fn transpose(&self, a: Value, permutation: &[i64]) -> Result<Value> {
        self.operation("transpose", &[a], &[attr("permutation", permutation)], &[])
    }
    /// `stablehlo.slice`.
    pub fn slice(&self, a: Value, starts: &[i64], limits: &[i64], strides: &[i64]) -> Result<Value> {
        let attributes = [attr("start_indices", starts), attr("limit_indices", limits), attr("strides", strides)];
        self.operation("slice", &[a], &attributes, &[])
    }
    /// `stablehlo.pad`; negative sizes cut.
    pub fn pad(&self, a: Value, value: Value, low: &[i64], high: &[i64]) -> Result<Value> {
        let attributes = [attr("edge_padding_low", low), attr("edge_padding_high", high), attr("interior_padding", vec![0; low.len()])];
        self.operation("pad", &[a, value], &attributes, &[])
    }
    /// `stablehlo.reverse`.
    pub fn reverse(&self, a: Value, dimensions: &[i64]) -> Result<Value> {
        self.operation("reverse", &[a], &[attr("dimensions", dimensions)], &[])
    }
    /// `stablehlo.concatenate`.
    pub fn concatenate(&self, parts: &[Value], dimension: i64) -> Result<Value> {
        self.operation("concatenate", parts, &[attr("dimension", dimension)], &[])
    }
    /// `stablehlo.dynamic_slice`; starts: a scalar per dimension, clamped.
    pub fn dynamic_slice(&self, a: Value, starts: &[Value], sizes: &[i64]) -> Result<Value> {
        let operands: Vec<Value> = std::iter::once(a).chain(starts.iter().copied()).collect();
        self.operation("dynamic_slice", &operands, &[attr("slice_sizes", sizes)], &[])
    }
    /// `stablehlo.dynamic_update_slice`; starts: a scalar per dimension, clamped.
    pub fn dynamic_update_slice(&self, a: Value, update: Value, starts: &[Value]) -> Result<Value> {
        let operands: Vec<Value> = [a, update].iter().chain(starts).copied().collect();
        self.operation("dynamic_update_slice", &operands, &[], &[])
    }
    /// `stablehlo.broadcast_in_dim`: dimension i of `a` becomes dimension `at[i]`; its size is the result's there, or 1.
    pub fn broadcast_in_dim(&self, a: Value, dims: &[i64], at: &[i64]) -> Result<Value> {
        let dtype = self.type_of(a)?.dtype;
        self.operation("broadcast_in_dim", &[a], &[attr("broadcast_dimensions", at)], &[Type::new(dtype, dims)])
    }
    /// The same to the shape of another value, sizes that are not known yet included. Such a size of `a` is the result's there, never 1.
    pub fn broadcast_to(&self, a: Value, like: Value, at: &[i64]) -> Result<Value> {
        let to = self.type_of(like)?;
        if to.is_static() {
            return self.broadcast_in_dim(a, &to.dims, at);
        }
        self.dynamic_broadcast(a, self.sizes(like)?, &to.dims, at)
    }
    /// `a` by NumPy's rule, aligned at the last dimension, in the shape of `like`. The sizes of `a` must be known.
    pub fn broadcast_like(&self, a: Value, like: Value) -> Result<Value> {
        let (from, to) = (self.type_of(a)?, self.type_of(like)?);
        if from.dims == to.dims && to.is_static() {
            return Ok(a);
        }
        let first = to.rank() as i64 - from.rank() as i64;
        self.broadcast_to(a, like, &(first..to.rank() as i64).collect::<Vec<i64>>())
    }
    /// The size of a dimension, an `i32` scalar, as it is when the program runs.
    pub fn size(&self, a: Value, dimension: i64) -> Result<Value> {
        self.operation("get_dimension_size", &[a], &[attr("dimension", dimension)], &[])
    }
    /// The sizes of a value, as `i32` in a tensor of rank 1.
    pub fn sizes(&self, a: Value) -> Result<Value> {
        let rank = self.type_of(a)?.rank() as i64;
        if rank == 0 {
            return self.splat(&Type::new(DType::I32, &[0]), 0.0);
        }
        let parts: Result<Vec<Value>> = (0..rank).map(|dimension| self.reshape(self.size(a, dimension)?, &[1])).collect();
        self.concatenate(&parts?, 0)
    }
    /// `stablehlo.dynamic_reshape`; `shape`: the sizes, an `i32` tensor; `dims`: what is known of them.
    pub fn dynamic_reshape(&self, a: Value, shape: Value, dims: &[i64]) -> Result<Value> {
        let dtype = self.type_of(a)?.dtype;
        self.operation("dynamic_reshape", &[a, shape], &[], &[Type::new(dtype, dims)])
    }

    fn dynamic_broadcast(&self, a: Value, shape: Value, dims: &[i64], at: &[i64]) -> Result<Value> {
        let from = self.type_of(a)?;
        // What is known not to expand, which the types of static sizes say themselves.
        let same: Vec<i64> = (0..from.rank() as i64).filter(|&i| from.dims[i as usize] == DYNAMIC).collect();
        let mut attributes: Vec<Attr<'_>> = vec![attr("broadcast_dimensions", at)];
        if !same.is_empty() {
            attributes.push(attr("known_nonexpanding_dimensions", same));
        }
        self.operation("dynamic_broadcast_in_dim", &[a, shape], &attributes, &[Type::new(from.dtype, dims)])
    }
}

/// Sums and products.
impl Builder<'_> {
    /// `stablehlo.dot_general`. Operands of `f16` and `bf16` with a result of `f32` are added up in `f32`. Result: batch, then the other
    /// dimensions of `a`, then those of `b`.
    pub fn dot_general(&self, a: Value, b: Value, over: &Contraction, result: DType) -> Result<Value> {
        let (of_a, of_b) = (self.type_of(a)?, self.type_of(b)?);
        let mut dims = Vec::new();
        for (&of, &same) in over.a_batch.iter().zip(&over.b_batch) {
            let size = of_a.dims[of as usize]; // may be known on one side only
            dims.push(if size == DYNAMIC { of_b.dims[same as usize] } else { size });
        }
        let mut rest = |of: &Type, batch: &[i64], contract: &[i64]| {
            for (i, &size) in of.dims.iter().enumerate() {
                if !batch.contains(&(i as i64)) && !contract.contains(&(i as i64)) {
                    dims.push(size);
                }
            }
        };
        rest(&of_a, &over.a_batch, &over.a_contract);
        rest(&of_b, &over.b_batch, &over.b_contract);
        let attributes = [
            attr("lhs_batching_dimensions", &over.a_batch[..]),
            attr("rhs_batching_dimensions", &over.b_batch[..]),
            attr("lhs_contracting_dimensions", &over.a_contract[..]),
            attr("rhs_contracting_dimensions", &over.b_contract[..]),
        ];
        self.operation("dot_general", &[a, b], &attributes, &[Type::new(result, &dims)])
    }
    /// `stablehlo.reduce` of one tensor over those dimensions, which vanish. `start` is neutral, a scalar of the element type.
    pub fn reduce(&self, a: Value, start: Value, dimensions: &[i64], reducer: impl FnOnce(Value, Value) -> Result<Value>) -> Result<Value> {
        let element = Type::new(self.type_of(a)?.dtype, &[]);
        self.region(&[element.clone(), element], |arguments| Ok(vec![reducer(arguments[0], arguments[1])?]))?;
        self.operation("reduce", &[a, start], &[attr("dimensions", dimensions)], &[])
    }
    /// The sum over those dimensions, which vanish.
    pub fn reduce_add(&self, a: Value, dimensions: &[i64]) -> Result<Value> {
        let zero = self.scalar(self.type_of(a)?.dtype, 0.0)?;
        self.reduce(a, zero, dimensions, |x, y| self.add(x, y))
    }
}
