//! What the crates `tenon` and `tenon-plugin` share: codes, element types, and the Rust types whose memory holds them.
use crate::base::*;
use crate::narrow::{f16_value, narrow};
use std::fmt;

pub use crate::tensor_type::Type;

macro_rules! newtype {
    ($(#[$doc:meta])* $name:ident { $($(#[$item_doc:meta])* $item:ident = $raw:ident $text:literal,)* } else $other:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(transparent)]
        pub struct $name(pub i32);
        impl $name {
            $($(#[$item_doc])* pub const $item: Self = Self($raw);)*
            /// Its name in C, reports and graph files.
            pub fn name(self) -> &'static str {
                match self { $(Self::$item => $text,)* _ => $other }
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(self.name()) }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, "{}({})", self.name(), self.0) }
        }
    };
}

newtype! {
    /// Why a call failed. Not an enum: a later library has codes that this crate does not know.
    Code {
        /// The caller asked for an end.
        CANCELLED = TENON_CANCELLED "CANCELLED",
        /// None of these; also what an unknown number counts as.
        UNKNOWN = TENON_UNKNOWN "UNKNOWN",
        /// Wrong whatever the state: a bad name, shape, dtype, value.
        INVALID_ARGUMENT = TENON_INVALID_ARGUMENT "INVALID_ARGUMENT",
        /// Too late.
        DEADLINE_EXCEEDED = TENON_DEADLINE_EXCEEDED "DEADLINE_EXCEEDED",
        /// No such operator, file, target, value, parameter.
        NOT_FOUND = TENON_NOT_FOUND "NOT_FOUND",
        /// The name is taken.
        ALREADY_EXISTS = TENON_ALREADY_EXISTS "ALREADY_EXISTS",
        /// The system does not allow it.
        PERMISSION_DENIED = TENON_PERMISSION_DENIED "PERMISSION_DENIED",
        /// Out of memory, or beyond a limit.
        RESOURCE_EXHAUSTED = TENON_RESOURCE_EXHAUSTED "RESOURCE_EXHAUSTED",
        /// Right, but not in this state.
        FAILED_PRECONDITION = TENON_FAILED_PRECONDITION "FAILED_PRECONDITION",
        /// Given up.
        ABORTED = TENON_ABORTED "ABORTED",
        /// A number outside its range.
        OUT_OF_RANGE = TENON_OUT_OF_RANGE "OUT_OF_RANGE",
        /// Not done here; how a kernel declines.
        UNIMPLEMENTED = TENON_UNIMPLEMENTED "UNIMPLEMENTED",
        /// A fault of the library or of a plugin.
        INTERNAL = TENON_INTERNAL "INTERNAL",
        /// Not now.
        UNAVAILABLE = TENON_UNAVAILABLE "UNAVAILABLE",
        /// A damaged file.
        DATA_LOSS = TENON_DATA_LOSS "DATA_LOSS",
        /// Not signed in.
        UNAUTHENTICATED = TENON_UNAUTHENTICATED "UNAUTHENTICATED",
        /// Of another version.
        INCOMPATIBLE = TENON_INCOMPATIBLE "INCOMPATIBLE",
        /// A plugin was refused; the causes say why.
        PLUGIN_REJECTED = TENON_PLUGIN_REJECTED "PLUGIN_REJECTED",
        /// A newer caller set a field that this library does not know.
        NOT_UNDERSTOOD = TENON_NOT_UNDERSTOOD "NOT_UNDERSTOOD",
        /// A manifest breaks a rule.
        MANIFEST_INVALID = TENON_MANIFEST_INVALID "MANIFEST_INVALID",
        /// A manifest and its library disagree.
        MANIFEST_MISMATCH = TENON_MANIFEST_MISMATCH "MANIFEST_MISMATCH",
        /// Owner or mode of a plugin's file or folder.
        UNTRUSTED = TENON_UNTRUSTED "UNTRUSTED",
        /// Needs a CPU feature that this machine lacks.
        CPU_UNSUPPORTED = TENON_CPU_UNSUPPORTED "CPU_UNSUPPORTED",
        /// Another plugin or library is missing.
        DEPENDENCY_MISSING = TENON_DEPENDENCY_MISSING "DEPENDENCY_MISSING",
        /// The probe of a plugin failed.
        PROBE_FAILED = TENON_PROBE_FAILED "PROBE_FAILED",
        /// A plugin changed rounding or denormal handling.
        FP_ENV_CHANGED = TENON_FP_ENV_CHANGED "FP_ENV_CHANGED",
    } else "UNKNOWN"
}

newtype! {
    /// An element type.
    DType {
        /// None: of an absent operand.
        INVALID = TENON_DTYPE_INVALID "invalid",
        /// A truth value, one byte: 0 or 1.
        I1 = TENON_I1 "i1",
        /// 4-bit integer, one byte each.
        I4 = TENON_I4 "i4",
        /// 8-bit integer.
        I8 = TENON_I8 "i8",
        /// 16-bit integer.
        I16 = TENON_I16 "i16",
        /// 32-bit integer.
        I32 = TENON_I32 "i32",
        /// 64-bit integer.
        I64 = TENON_I64 "i64",
        /// Unsigned 4-bit integer, one byte each.
        UI4 = TENON_UI4 "ui4",
        /// Unsigned 8-bit integer.
        UI8 = TENON_UI8 "ui8",
        /// Unsigned 16-bit integer.
        UI16 = TENON_UI16 "ui16",
        /// Unsigned 32-bit integer.
        UI32 = TENON_UI32 "ui32",
        /// Unsigned 64-bit integer.
        UI64 = TENON_UI64 "ui64",
        /// 8-bit float, 4 exponent bits, no infinities.
        F8E4M3FN = TENON_F8E4M3FN "f8e4m3fn",
        /// 8-bit float, 5 exponent bits.
        F8E5M2 = TENON_F8E5M2 "f8e5m2",
        /// IEEE binary16.
        F16 = TENON_F16 "f16",
        /// bfloat16.
        BF16 = TENON_BF16 "bf16",
        /// IEEE binary32.
        F32 = TENON_F32 "f32",
        /// IEEE binary64.
        F64 = TENON_F64 "f64",
    } else "invalid"
}

impl DType {
    /// Bytes of one element in memory; 0 for [`DType::INVALID`] and for numbers that are no dtype.
    pub const fn size(self) -> usize {
        match self.0 {
            TENON_I1 | TENON_I4 | TENON_I8 | TENON_UI4 | TENON_UI8 | TENON_F8E4M3FN | TENON_F8E5M2 => 1,
            TENON_I16 | TENON_UI16 | TENON_F16 | TENON_BF16 => 2,
            TENON_I32 | TENON_UI32 | TENON_F32 => 4,
            TENON_I64 | TENON_UI64 | TENON_F64 => 8,
            _ => 0,
        }
    }
    /// Whether it is one of the floats.
    pub const fn is_float(self) -> bool {
        self.0 >= TENON_F8E4M3FN && self.0 <= TENON_F64
    }
    /// The dtype of that name, `"bf16"`.
    pub fn from_name(name: &str) -> Option<DType> {
        (TENON_I1..=TENON_F64).map(DType).find(|dtype| dtype.name() == name)
    }
}

/// A size that is not known yet.
pub const DYNAMIC: i64 = TENON_DYNAMIC;

/// A Rust type whose memory is that of one element.
///
/// # Safety
/// Size and meaning are those that `tenon/base.h` gives to `DTYPE`, without padding.
pub unsafe trait Element: Copy + Send + Sync + 'static {
    /// The element type.
    const DTYPE: DType;
}

/// An [`Element`] that may be written by others: every bit pattern of its memory is a value. All but `bool`, for which there is [`I1`].
///
/// # Safety
/// As said: no bit pattern is invalid.
pub unsafe trait ElementMut: Element {}

macro_rules! wrapper {
    ($(#[$doc:meta])* $name:ident($raw:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        #[repr(transparent)]
        pub struct $name(pub $raw);
    };
}
wrapper! {
    /// IEEE binary16, as its bits.
    F16(u16)
}
wrapper! {
    /// bfloat16, as its bits.
    BF16(u16)
}
wrapper! {
    /// An 8-bit float of 4 exponent bits and no infinities, as its bits.
    F8E4M3FN(u8)
}
wrapper! {
    /// An 8-bit float of 5 exponent bits, as its bits.
    F8E5M2(u8)
}
wrapper! {
    /// A truth value, where the library writes: not 0 is true.
    I1(u8)
}
wrapper! {
    /// A 4-bit integer, -8 to 7.
    I4(i8)
}
wrapper! {
    /// An unsigned 4-bit integer, 0 to 15.
    UI4(u8)
}

impl F16 {
    /// Rounded once, half to even; beyond 65504 the infinities.
    pub fn from_f64(value: f64) -> F16 {
        F16(narrow(value, 10, 5))
    }
    /// Rounded once, half to even.
    pub fn from_f32(value: f32) -> F16 {
        F16::from_f64(value.into())
    }
    /// Its value, exactly.
    pub fn to_f32(self) -> f32 {
        f16_value(self.0)
    }
}
impl BF16 {
    /// Rounded once, half to even.
    pub fn from_f64(value: f64) -> BF16 {
        BF16(narrow(value, 7, 8))
    }
    /// Rounded once, half to even.
    pub fn from_f32(value: f32) -> BF16 {
        BF16::from_f64(value.into())
    }
    /// Its value, exactly.
    pub fn to_f32(self) -> f32 {
        f32::from_bits((self.0 as u32) << 16)
    }
}
impl I1 {
    /// As `bool`.
    pub fn get(self) -> bool {
        self.0 != 0
    }
}
impl From<bool> for I1 {
    fn from(value: bool) -> I1 {
        I1(value as u8)
    }
}

macro_rules! elements {
    ($($rust:ty: $dtype:ident,)*) => {$(
        // SAFETY: a number, or a repr(transparent) wrapper of one, of that size; every bit pattern is a value.
        unsafe impl Element for $rust { const DTYPE: DType = DType::$dtype; }
        unsafe impl ElementMut for $rust {}
        const _: () = assert!(std::mem::size_of::<$rust>() == DType::$dtype.size());
    )*};
}
elements! {
    I1: I1, I4: I4, i8: I8, i16: I16, i32: I32, i64: I64, UI4: UI4, u8: UI8, u16: UI16, u32: UI32, u64: UI64,
    F8E4M3FN: F8E4M3FN, F8E5M2: F8E5M2, F16: F16, BF16: BF16, f32: F32, f64: F64,
}
// SAFETY: one byte, 0 or 1. Not ElementMut: another byte would be no bool.
unsafe impl Element for bool {
    const DTYPE: DType = DType::I1;
}
