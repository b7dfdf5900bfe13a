//! 16-bit floats and dtypes, against their definitions.
use tenon_sys::types::{Code, DType, BF16, F16};
use tenon_sys::*;

/// The value of bits by the formula of IEEE 754.
fn value(bits: u16, mantissa_bits: i32, exponent_bits: i32) -> f64 {
    let sign = if bits & 0x8000 != 0 { -1.0 } else { 1.0 };
    let mantissa = f64::from(bits & ((1 << mantissa_bits) - 1));
    let exponent = i32::from(bits >> mantissa_bits) & ((1 << exponent_bits) - 1);
    let bias = (1 << (exponent_bits - 1)) - 1;
    let unit = 2f64.powi(-mantissa_bits);
    if exponent == (1 << exponent_bits) - 1 {
        return if mantissa == 0.0 { sign * f64::INFINITY } else { f64::NAN };
    }
    if exponent == 0 {
        return sign * mantissa * unit * 2f64.powi(1 - bias);
    }
    sign * (1.0 + mantissa * unit) * 2f64.powi(exponent - bias)
}

fn check(mantissa_bits: i32, exponent_bits: i32, widen: fn(u16) -> f32, narrow: fn(f64) -> u16) {
    for bits in 0..=u16::MAX {
        let exact = value(bits, mantissa_bits, exponent_bits);
        if exact.is_nan() {
            assert!(widen(bits).is_nan() && value(narrow(exact), mantissa_bits, exponent_bits).is_nan());
            continue;
        }
        assert_eq!(f64::from(widen(bits)), exact, "{bits:#x}");
        assert_eq!(narrow(exact), bits, "{bits:#x}");
    }
    // Between any two neighbours: the middle goes to the even one, all else to the nearer one.
    let infinity = ((1u16 << exponent_bits) - 1) << mantissa_bits;
    for low in 0..infinity - 1 {
        let (a, b) = (value(low, mantissa_bits, exponent_bits), value(low + 1, mantissa_bits, exponent_bits));
        let middle = (a + b) / 2.0; // exact in f64
        let even = low + (low & 1);
        let (below, above) = (f64::from_bits(middle.to_bits() - 1), f64::from_bits(middle.to_bits() + 1));
        for sign in [0, 0x8000] {
            let signed = |x: f64| if sign == 0 { x } else { -x };
            assert_eq!(narrow(signed(below)), low | sign, "{low:#x}");
            assert_eq!(narrow(signed(middle)), even | sign, "{low:#x}");
            assert_eq!(narrow(signed(above)), (low + 1) | sign, "{low:#x}");
        }
    }
    // Above the largest: half a unit more is the infinity.
    let largest = value(infinity - 1, mantissa_bits, exponent_bits);
    let half = (largest - value(infinity - 2, mantissa_bits, exponent_bits)) / 2.0;
    assert_eq!(narrow(largest + half), infinity);
    assert_eq!(narrow(f64::from_bits((largest + half).to_bits() - 1)), infinity - 1);
    assert_eq!(narrow(1e300), infinity);
    assert_eq!(narrow(-1e-300), 0x8000);
}

#[test]
fn f16_is_binary16() {
    check(10, 5, |bits| F16(bits).to_f32(), |value| F16::from_f64(value).0);
}

#[test]
fn bf16_is_bfloat16() {
    check(7, 8, |bits| BF16(bits).to_f32(), |value| BF16::from_f64(value).0);
}

#[cfg(feature = "host")]
#[test]
fn names_and_sizes_are_the_library_s() {
    let text = |name: *const std::os::raw::c_char| unsafe { std::ffi::CStr::from_ptr(name) }.to_str().unwrap();
    for number in -1..40 {
        let dtype = DType(number);
        assert_eq!(dtype.name(), text(unsafe { tenon_dtype_name(number) }));
        assert_eq!(dtype.size(), unsafe { tenon_dtype_size(number) });
        if dtype.size() > 0 {
            assert_eq!(DType::from_name(dtype.name()), Some(dtype));
        }
    }
    for number in 1..120 {
        assert_eq!(Code(number).name(), text(unsafe { tenon_code_name(number) }));
    }
    assert_eq!(DType::from_name("float"), None);
    assert_eq!(format!("{:?} {}", Code(77), Code(3)), "UNKNOWN(77) INVALID_ARGUMENT");
}
