// cos and sin of each position and pair: as constants where the positions are known, else computed in the text.
#include <cstring>

#include "plugins/attention/rope/rope.h"

namespace tenon::attention::rope {

using namespace plugin;

namespace {

constexpr double kTwoPi = 6.283185307179586476925286766559;
constexpr double kTwoPiRest = 2.4492935982947064e-16;  // what the double above lacks

Value constant_of(Builder& b, tenon_dtype dtype, Dims dims, const std::vector<double>& values) {
  if (dtype == TENON_F64) return b.constant({dtype, std::move(dims)}, values.data(), values.size() * sizeof(double));
  const std::vector<float> narrow(values.begin(), values.end());
  return b.constant({dtype, std::move(dims)}, narrow.data(), narrow.size() * sizeof(float));
}

Tables written_out(Builder& b, const Rope& rope, tenon_dtype dtype) {
  const Dims dims{rope.sequence(), rope.pairs()};
  std::vector<double> cosines, sines;
  for_each_known(b.node(), rope, [&](double cosine, double sine) {
    cosines.push_back(cosine);
    sines.push_back(sine);
  });
  return {constant_of(b, dtype, dims, cosines), constant_of(b, dtype, dims, sines)};
}

// The positions as i32, [sequence] or [batch, sequence].
Value positions_of(Builder& b, const Rope& rope) {
  if (const Value given = b.operand(kPositions)) return b.convert(given, TENON_I32);
  return iota_over(b, b.operand(kInput), {rope.sequence_axis}, 0);
}

// The length that the positions reach, an i32 scalar.
Value length_of(Builder& b, const Rope& rope, Value positions) {
  if (!b.operand(kPositions)) return size_of(b, b.operand(kInput), rope.sequence_axis);
  Dims all;
  for (std::int64_t i = 0; i < b.type(positions).rank(); ++i) all.push_back(i);
  const Value last = b.reduce(positions, -1, all, false, [&b](Value x, Value y) { return b.maximum(x, y); });
  return b.add(last, b.scalar(TENON_I32, 1));
}

// positions[..] and a value per pair, both in the shape [.., pairs].
struct Crossed {
  Value positions, pairs;
};
Crossed cross(Builder& b, Value positions, Value pairs) {
  const Type type = b.type(positions);
  Dims dims = type.dims, at_front;
  for (std::int64_t i = 0; i < type.rank(); ++i) at_front.push_back(i);
  dims.push_back(b.type(pairs).dims[0]);
  if (type.is_static()) return {b.broadcast_in_dim(positions, dims, at_front), b.broadcast_in_dim(pairs, dims, {type.rank()})};
  const Value count = b.splat({TENON_I32, {1}}, static_cast<double>(dims.back()));
  const Value sizes = b.concatenate({b.sizes(positions), count}, 0);
  const auto broadcast = [&](Value value, Dims at) {
    Dims same;  // engines that compile dynamic shapes must know what does not expand
    for (std::int64_t i = 0; i < b.type(value).rank(); ++i) same.push_back(i);
    return b.op1("dynamic_broadcast_in_dim", {value, sizes},
                 {{"broadcast_dimensions", std::move(at)}, {"known_nonexpanding_dimensions", same}}, {{b.type(value).dtype, dims}});
  };
  return {broadcast(positions, at_front), broadcast(pairs, {type.rank()})};
}

Value angles(Builder& b, Value positions, Value units, Value rest) {
  const tenon_dtype dtype = b.type(rest).dtype;
  const Crossed whole = cross(b, positions, units), part = cross(b, positions, rest);
  const Value wrapped = b.convert(b.multiply(whole.positions, whole.pairs), dtype);
  const Value left = b.multiply(b.convert(part.positions, dtype), part.pairs);
  const Value turns = b.add(b.multiply(wrapped, b.splat_like(wrapped, std::ldexp(1.0, -32))), left);
  return b.multiply(turns, b.splat_like(turns, kTwoPi));
}

struct TurnValues {
  Value units, rest;
};
TurnValues constants_of(Builder& b, tenon_dtype dtype, const std::vector<double>& frequencies) {
  const Turns turns = turns_of(frequencies);
  const Dims dims{static_cast<std::int64_t>(frequencies.size())};
  return {b.constant({TENON_I32, dims}, turns.units.data(), turns.units.size() * sizeof(std::int32_t)),
          constant_of(b, dtype, dims, turns.rest)};
}

// With dynamic scaling the frequencies are those of training times length-factor^(-2i / (size - 2)): only the text knows the length.
Value dynamic_angles(Builder& b, const Rope& rope, Value positions, tenon_dtype dtype) {
  const Node& node = b.node();
  const double factor = node.real("factor");
  const std::int64_t trained = trained_length(node);
  const Value length = b.maximum(length_of(b, rope, positions), b.scalar(TENON_I32, static_cast<double>(trained)));
  // factor * length / trained - (factor - 1), of which the part that is exact in integers first: 1 in training.
  const Value beyond = b.convert(b.subtract(length, b.scalar(TENON_I32, static_cast<double>(trained))), dtype);
  const Value growth = b.multiply(beyond, b.scalar(dtype, factor / static_cast<double>(trained)));
  const Dims dims{rope.pairs()};
  const Value exponent = constant_of(b, dtype, dims, stretch_exponents(rope));
  const Value stretch = b.exponential(b.multiply(exponent, b.broadcast_in_dim(b.log_plus_one(growth), dims, {})));
  const Value frequencies = b.multiply(constant_of(b, dtype, dims, frequencies_of(node, rope, trained).frequencies), stretch);

  const Crossed crossed = cross(b, positions, frequencies);
  const Value angle = b.multiply(b.convert(crossed.positions, dtype), crossed.pairs);
  // Some engines' sine is good near 0 alone. 2 pi in three parts, the first of few bits: its multiples are exact.
  const double first = 6.28125;
  const double second = dtype == TENON_F64 ? std::ldexp(std::nearbyint(std::ldexp(kTwoPi - first, 40)), -40) : 0.0019352436065673828;
  const double third = kTwoPi - first - second + kTwoPiRest;
  const Value turns = b.round_nearest_even(b.multiply(angle, b.splat_like(angle, 1 / kTwoPi)));
  Value reduced = angle;
  for (double part : {first, second, third}) reduced = b.subtract(reduced, b.multiply(turns, b.splat_like(turns, part)));
  return reduced;
}

}  // namespace

Tables tables(Builder& b, const Rope& rope) {
  const Node& node = b.node();
  const tenon_dtype dtype = wide(rope.input.dtype);
  if (node.has(kCos)) return {b.convert(b.operand(kCos), dtype), b.convert(b.operand(kSin), dtype)};
  if (is_known(node, rope)) return written_out(b, rope, dtype);

  const Value positions = positions_of(b, rope);
  Value angle;
  double attention_factor = 1;
  if (node.string("scaling") == "dynamic") {
    angle = dynamic_angles(b, rope, positions, dtype);
  } else {
    const Frequencies f = frequencies_of(node, rope, 0);
    attention_factor = f.attention_factor;
    TurnValues turns = constants_of(b, dtype, f.frequencies);
    if (node.string("scaling") == "longrope") {
      const std::int64_t trained = trained_length(node);
      const TurnValues stretched = constants_of(b, dtype, frequencies_of(node, rope, trained + 1).frequencies);
      const Value is_long = b.compare("GT", length_of(b, rope, positions), b.scalar(TENON_I32, static_cast<double>(trained)));
      turns = {b.select(is_long, stretched.units, turns.units), b.select(is_long, stretched.rest, turns.rest)};
    }
    angle = angles(b, positions, turns.units, turns.rest);
  }
  Tables out{b.cosine(angle), b.sine(angle)};
  if (attention_factor != 1) {
    const Value factor = b.splat_like(angle, attention_factor);
    out = {b.multiply(out.cos, factor), b.multiply(out.sin, factor)};
  }
  return out;
}

}  // namespace tenon::attention::rope
