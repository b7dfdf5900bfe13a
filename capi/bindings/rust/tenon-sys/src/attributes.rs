//! Attributes by name, as programs give them to nodes and lowerings to operations.
use crate::base::*;
use crate::types::DType;
use std::borrow::Cow;

/// An attribute's value. Made by `into()` from what is natural: `true`, `1`, `1e-5`, `"clamp"`, [`DType`], slices, vectors.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum AttrValue<'a> {
    /// A truth value.
    Bool(bool),
    /// An integer.
    I64(i64),
    /// A real number.
    F64(f64),
    /// A text.
    Text(Cow<'a, str>),
    /// An element type.
    DType(DType),
    /// Integers.
    I64s(Cow<'a, [i64]>),
    /// Real numbers.
    F64s(Cow<'a, [f64]>),
    /// Truth values, each 0 or 1.
    Bools(Vec<i64>),
    /// Texts.
    Texts(Vec<Cow<'a, str>>),
    /// Attributes by name.
    Dict(Vec<Attr<'a>>),
}

/// An attribute: a name and a value. See [`attr`].
#[derive(Clone, Debug, PartialEq)]
pub struct Attr<'a> {
    name: Cow<'a, str>,
    value: AttrValue<'a>,
}

/// The attribute `name` with a value: `attr("epsilon", 1e-5)`.
pub fn attr<'a>(name: impl Into<Cow<'a, str>>, value: impl Into<AttrValue<'a>>) -> Attr<'a> {
    Attr { name: name.into(), value: value.into() }
}

macro_rules! from {
    ($($from:ty: |$value:ident| $into:expr,)*) => {$(
        impl<'a> From<$from> for AttrValue<'a> {
            fn from($value: $from) -> AttrValue<'a> { $into }
        }
    )*};
}
from! {
    bool: |v| AttrValue::Bool(v),
    i32: |v| AttrValue::I64(v.into()),
    u32: |v| AttrValue::I64(v.into()),
    i64: |v| AttrValue::I64(v),
    f32: |v| AttrValue::F64(v.into()),
    f64: |v| AttrValue::F64(v),
    &'a str: |v| AttrValue::Text(v.into()),
    String: |v| AttrValue::Text(v.into()),
    DType: |v| AttrValue::DType(v),
    &'a [i64]: |v| AttrValue::I64s(v.into()),
    Vec<i64>: |v| AttrValue::I64s(v.into()),
    &'a [f64]: |v| AttrValue::F64s(v.into()),
    Vec<f64>: |v| AttrValue::F64s(v.into()),
    &[bool]: |v| AttrValue::Bools(v.iter().map(|&b| b.into()).collect()),
    Vec<bool>: |v| AttrValue::Bools(v.iter().map(|&b| b.into()).collect()),
    &[&'a str]: |v| AttrValue::Texts(v.iter().map(|&t| t.into()).collect()),
    Vec<&'a str>: |v| AttrValue::Texts(v.into_iter().map(Cow::from).collect()),
    Vec<Attr<'a>>: |v| AttrValue::Dict(v),
}
impl<'a, const N: usize> From<&'a [i64; N]> for AttrValue<'a> {
    fn from(v: &'a [i64; N]) -> AttrValue<'a> {
        AttrValue::I64s(v[..].into())
    }
}
impl<const N: usize> From<[i64; N]> for AttrValue<'_> {
    fn from(v: [i64; N]) -> Self {
        AttrValue::I64s(v.to_vec().into())
    }
}

/// Attributes as C reads them; they point into what they were made from.
#[derive(Debug)]
pub struct RawAttrs {
    list: Vec<tenon_attr>,
    nested: Vec<Vec<tenon_attr>>, // what `items` point at
}

impl RawAttrs {
    /// # Safety
    /// `attributes` must outlive the result, unchanged.
    pub unsafe fn new(attributes: &[Attr<'_>]) -> RawAttrs {
        let mut out = RawAttrs { list: Vec::new(), nested: Vec::new() };
        out.list = attributes.iter().map(|attribute| out.raw(&attribute.name, &attribute.value)).collect();
        out
    }
    /// The attributes in C's form.
    pub fn as_slice(&self) -> &[tenon_attr] {
        &self.list
    }

    fn keep(&mut self, raw: &mut tenon_attr, items: Vec<tenon_attr>) {
        raw.count = items.len();
        raw.items = items.as_ptr();
        self.nested.push(items);
    }

    fn raw(&mut self, name: &str, value: &AttrValue<'_>) -> tenon_attr {
        let mut raw = tenon_attr { name: name.as_ptr().cast(), name_length: name.len(), ..tenon_attr::INIT };
        match value {
            AttrValue::Bool(v) => (raw.kind, raw.i64) = (TENON_ATTR_BOOL, (*v).into()),
            AttrValue::I64(v) => (raw.kind, raw.i64) = (TENON_ATTR_I64, *v),
            AttrValue::F64(v) => (raw.kind, raw.f64) = (TENON_ATTR_F64, *v),
            AttrValue::Text(v) => (raw.kind, raw.text, raw.count) = (TENON_ATTR_STRING, v.as_ptr().cast(), v.len()),
            AttrValue::DType(v) => (raw.kind, raw.i64) = (TENON_ATTR_DTYPE, v.0.into()),
            AttrValue::I64s(v) => (raw.kind, raw.i64s, raw.count) = (TENON_ATTR_I64S, v.as_ptr(), v.len()),
            AttrValue::F64s(v) => (raw.kind, raw.f64s, raw.count) = (TENON_ATTR_F64S, v.as_ptr(), v.len()),
            AttrValue::Bools(v) => (raw.kind, raw.i64s, raw.count) = (TENON_ATTR_BOOLS, v.as_ptr(), v.len()),
            AttrValue::Texts(v) => {
                raw.kind = TENON_ATTR_STRINGS;
                let text =
                    |t: &Cow<'_, str>| tenon_attr { kind: TENON_ATTR_STRING, text: t.as_ptr().cast(), count: t.len(), ..tenon_attr::INIT };
                self.keep(&mut raw, v.iter().map(text).collect());
            }
            AttrValue::Dict(v) => {
                raw.kind = TENON_ATTR_DICT;
                let items = v.iter().map(|a| self.raw(&a.name, &a.value)).collect();
                self.keep(&mut raw, items);
            }
        }
        raw
    }
}
