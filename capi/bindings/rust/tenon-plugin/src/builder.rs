//! Writing StableHLO: what an operator's lowering is made with.
use crate::error::{check, Error, Result};
use crate::host::api;
use crate::node::Node;
use tenon_sys::attributes::{Attr, RawAttrs};
use tenon_sys::types::{Code, DType, Element, Type, BF16, F16};
use tenon_sys::*;

/// A value in the builder, valid until the callback returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value(pub(crate) tenon_hlo_value);

impl Value {
    /// Stands for an absent operand in [`Builder::apply`].
    pub const ABSENT: Value = Value(TENON_HLO_NONE);
    /// The value, or `None` if it is [`Value::ABSENT`].
    pub fn present(self) -> Option<Value> {
        (self != Value::ABSENT).then_some(self)
    }
}
impl From<Option<Value>> for Value {
    fn from(value: Option<Value>) -> Value {
        value.unwrap_or(Value::ABSENT)
    }
}

const MOST_RESULTS: usize = 64;

/// Where a lowering writes StableHLO. Every call is checked as it is made; after an error every further call returns that error.
///
/// Methods are named after the operations of StableHLO. Nothing is broadcast by itself: operands of an elementwise operation have one type.
#[derive(Debug)]
pub struct Builder<'a> {
    node: Node<'a>,
    raw: *mut tenon_builder,
}

impl<'a> Builder<'a> {
    /// # Safety
    /// All are the host's, valid for `'a`.
    pub(crate) unsafe fn new(call: *mut tenon_call, node: *const tenon_node, raw: *mut tenon_builder) -> Builder<'a> {
        Builder { node: Node::new(call, node), raw }
    }
    /// The node that is lowered.
    pub fn node(&self) -> &Node<'a> {
        &self.node
    }

    /// An operand that may be absent.
    pub fn optional(&self, index: usize) -> Result<Option<Value>> {
        let mut out = Value::ABSENT;
        // SAFETY: call and builder are valid for 'a, here and in every call below.
        check(unsafe { api!(build_operand(self.node.call().raw, self.raw, index, &mut out.0)) })?;
        Ok(out.present())
    }
    /// An operand that the manifest demands.
    pub fn operand(&self, index: usize) -> Result<Value> {
        self.optional(index)?.ok_or_else(|| self.node.error(Code::INTERNAL, format!("operand {index} is absent")))
    }
    /// The end: the results in order, absent ones left out.
    pub fn finish(&self, results: &[Value]) -> Result<()> {
        let ids: Vec<u32> = results.iter().filter_map(|value| value.present()).map(|value| value.0).collect();
        check(unsafe { api!(build_return(self.node.call().raw, self.raw, ids.as_ptr(), ids.len())) })
    }
    /// The type of a value.
    pub fn type_of(&self, value: Value) -> Result<Type> {
        let mut view = tenon_type_view::INIT;
        check(unsafe { api!(build_type(self.node.call().raw, self.raw, value.0, &mut view)) })?;
        // SAFETY: the host filled it in.
        Ok(unsafe { Type::of(&view) })
    }

    /// Any operation. `results`: the types where they do not follow from the operands.
    pub fn operations(&self, name: &str, operands: &[Value], attributes: &[Attr<'_>], results: &[Type]) -> Result<Vec<Value>> {
        let ids: Vec<u32> = operands.iter().map(|value| value.0).collect();
        let types: Vec<tenon_type_view> = results.iter().map(Type::view).collect();
        // SAFETY: `attributes` outlives the call.
        let attributes = unsafe { RawAttrs::new(attributes) };
        let request = tenon_hlo_op {
            name: name.as_ptr().cast(),
            name_length: name.len(),
            operands: ids.as_ptr(),
            operand_count: ids.len(),
            attributes: attributes.as_slice().as_ptr(),
            attribute_count: attributes.as_slice().len(),
            result_types: types.as_ptr(),
            result_type_count: types.len(),
            ..tenon_hlo_op::INIT
        };
        self.collect(|out, capacity, count| unsafe { api!(build_op(self.node.call().raw, self.raw, &request, out, capacity, count)) })
    }
    /// Any operation of one result.
    pub fn operation(&self, name: &str, operands: &[Value], attributes: &[Attr<'_>], results: &[Type]) -> Result<Value> {
        self.only(name, self.operations(name, operands, attributes, results)?)
    }
    /// A region of the next operation: `body` gets its arguments and returns its results.
    pub fn region(&self, arguments: &[Type], body: impl FnOnce(&[Value]) -> Result<Vec<Value>>) -> Result<()> {
        let types: Vec<tenon_type_view> = arguments.iter().map(Type::view).collect();
        let mut ids = vec![TENON_HLO_NONE; arguments.len()];
        check(unsafe { api!(build_region_begin(self.node.call().raw, self.raw, types.as_ptr(), types.len(), ids.as_mut_ptr())) })?;
        let values: Vec<Value> = ids.into_iter().map(Value).collect();
        let results: Vec<u32> = body(&values)?.iter().map(|value| value.0).collect();
        check(unsafe { api!(build_region_end(self.node.call().raw, self.raw, results.as_ptr(), results.len())) })
    }
    /// Another operator, by its meaning: `"reduce_mean"`. Operands in its order, [`Value::ABSENT`] for absent ones.
    pub fn apply(&self, operator: &str, operands: &[Value], attributes: &[Attr<'_>]) -> Result<Vec<Value>> {
        self.use_operator(operator, operands, attributes, 0)
    }
    /// Another operator of one result.
    pub fn apply1(&self, operator: &str, operands: &[Value], attributes: &[Attr<'_>]) -> Result<Value> {
        self.only(operator, self.apply(operator, operands, attributes)?)
    }
    /// In `lower_as`: an operator in the form that the target asks for.
    pub fn carrier(&self, operator: &str, operands: &[Value], attributes: &[Attr<'_>]) -> Result<Vec<Value>> {
        self.use_operator(operator, operands, attributes, 1)
    }

    /// A constant of these elements, row-major; one element fills the whole type.
    pub fn constant<T: Element>(&self, dims: &[i64], elements: &[T]) -> Result<Value> {
        // SAFETY: an Element has no padding.
        let bytes = unsafe { std::slice::from_raw_parts(elements.as_ptr().cast::<u8>(), std::mem::size_of_val(elements)) };
        self.constant_bytes(&Type::new(T::DTYPE, dims), bytes)
    }
    /// One number in every element. It is rounded once to the type; an integer type takes exact values only.
    pub fn splat(&self, of: &Type, value: f64) -> Result<Value> {
        macro_rules! exactly {
            ($($dtype:ident: $integer:ty,)*) => {
                match of.dtype {
                    DType::F64 => self.constant_bytes(of, &value.to_ne_bytes()),
                    DType::F32 => self.constant_bytes(of, &(value as f32).to_ne_bytes()),
                    DType::F16 => self.constant_bytes(of, &F16::from_f64(value).0.to_ne_bytes()),
                    DType::BF16 => self.constant_bytes(of, &BF16::from_f64(value).0.to_ne_bytes()),
                    DType::I1 => self.constant_bytes(of, &[(value != 0.0) as u8]),
                    $(DType::$dtype => {
                        let integer = value as $integer;
                        // Where the cast saturates, the integer is another one.
                        if value.fract() != 0.0 || value as i128 != integer as i128 {
                            let message = format!("constant {value} is not exact in {}", of.dtype);
                            return Err(self.node.error(Code::INVALID_ARGUMENT, message));
                        }
                        self.constant_bytes(of, &integer.to_ne_bytes())
                    })*
                    other => {
                        let error = self.node.error(Code::UNIMPLEMENTED, format!("no constants of {other}"));
                        Err(error.advise("convert one of f32"))
                    }
                }
            };
        }
        exactly! {
            I4: i8, I8: i8, I16: i16, I32: i32, I64: i64, UI4: u8, UI8: u8, UI16: u16, UI32: u32, UI64: u64,
        }
    }
    /// A scalar.
    pub fn scalar(&self, dtype: DType, value: f64) -> Result<Value> {
        self.splat(&Type::new(dtype, &[]), value)
    }
    /// One number in the type of another value, sizes that are not known yet included.
    pub fn splat_like(&self, like: Value, value: f64) -> Result<Value> {
        let of = self.type_of(like)?;
        if of.is_static() {
            return self.splat(&of, value);
        }
        self.broadcast_to(self.scalar(of.dtype, value)?, like, &[])
    }

    fn constant_bytes(&self, of: &Type, bytes: &[u8]) -> Result<Value> {
        let mut out = Value::ABSENT;
        let call = self.node.call().raw;
        check(unsafe { api!(build_constant(call, self.raw, &of.view(), bytes.as_ptr().cast(), bytes.len(), &mut out.0)) })?;
        Ok(out)
    }
    fn use_operator(&self, name: &str, operands: &[Value], attributes: &[Attr<'_>], carrier: u32) -> Result<Vec<Value>> {
        let ids: Vec<u32> = operands.iter().map(|value| value.0).collect();
        // SAFETY: `attributes` outlives the call.
        let attributes = unsafe { RawAttrs::new(attributes) };
        let request = tenon_operator_use {
            name: name.as_ptr().cast(),
            name_length: name.len(),
            operands: ids.as_ptr(),
            operand_count: ids.len(),
            attributes: attributes.as_slice().as_ptr(),
            attribute_count: attributes.as_slice().len(),
            carrier,
            ..tenon_operator_use::INIT
        };
        self.collect(|out, capacity, count| unsafe { api!(build_operator(self.node.call().raw, self.raw, &request, out, capacity, count)) })
    }
    // The host says how many results there are; a second call would build a second operation, so there is room for many at once.
    fn collect(&self, call: impl FnOnce(*mut u32, usize, *mut usize) -> i32) -> Result<Vec<Value>> {
        let (mut ids, mut count) = ([TENON_HLO_NONE; MOST_RESULTS], 0);
        check(call(ids.as_mut_ptr(), ids.len(), &mut count))?;
        if count > ids.len() {
            let message = format!("an operation with {count} results, at most {MOST_RESULTS} are taken");
            return Err(self.node.error(Code::UNIMPLEMENTED, message));
        }
        Ok(ids[..count].iter().copied().map(Value).collect())
    }
    fn only(&self, name: &str, results: Vec<Value>) -> Result<Value> {
        let first = results.first().copied().and_then(Value::present);
        first.ok_or_else(|| Error::new(Code::INTERNAL, format!("{name} has no result")))
    }
}
