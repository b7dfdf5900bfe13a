//! 16-bit floats: conversions that round once, half to even.

/// `value` in a format of 1 sign bit, `exponent_bits` and `mantissa_bits`.
pub(crate) fn narrow(value: f64, mantissa_bits: i32, exponent_bits: i32) -> u16 {
    let sign = if value.is_sign_negative() { 0x8000u16 } else { 0 };
    let infinity = (((1u32 << exponent_bits) - 1) << mantissa_bits) as u64;
    if value.is_nan() {
        return sign | (infinity | 1 << (mantissa_bits - 1)) as u16;
    }
    if value.is_infinite() {
        return sign | infinity as u16;
    }
    let bias = (1 << (exponent_bits - 1)) - 1;
    let exponent = (value.to_bits() >> 52 & 0x7ff) as i32 - 1023;
    let lowest = exponent.max(1 - bias);
    // In units of the last place there: at most 2^(mantissa_bits + 1), which carries into the exponent by itself. Scaling by a power of
    // two is exact, and adding 2^52 rounds to an integer.
    let scale = f64::from_bits(((mantissa_bits - lowest + 1023) as u64) << 52);
    let units = value.abs() * scale + 4503599627370496.0 - 4503599627370496.0;
    let bits = units as u64 + (((lowest + bias - 1) as u64) << mantissa_bits);
    sign | bits.min(infinity) as u16
}

/// The value of binary16 bits.
pub(crate) fn f16_value(bits: u16) -> f32 {
    let sign = (bits as u32 & 0x8000) << 16;
    let exponent = bits as u32 >> 10 & 31;
    let mantissa = bits as u32 & 0x3ff;
    match exponent {
        0 => f32::from_bits(sign | (mantissa as f32 / 16777216.0).to_bits()),
        31 => f32::from_bits(sign | 0x7f80_0000 | mantissa << 13),
        _ => f32::from_bits(sign | (exponent + 112) << 23 | mantissa << 13),
    }
}
