// What the parts of rope share: one use of it, and its frequencies.
#pragma once

#include <cmath>
#include <optional>
#include <vector>

#include "plugins/attention/compose.h"

namespace tenon::attention::rope {

// Operands, in the schema's order.
enum : std::size_t { kInput, kPositions, kCos, kSin };

struct Rope {
  plugin::Type input;
  std::int64_t rotary = 0, sequence_axis = 0;
  bool interleaved = false;

  std::int64_t pairs() const { return rotary / 2; }
  std::int64_t rank() const { return input.rank(); }
  std::int64_t sequence() const { return input.dims[at(sequence_axis)]; }
  // Where the dimensions of [sequence, ..] or [batch, sequence, ..], followed by the pairs, stand in the input.
  plugin::Dims table_axes(std::int64_t rank_of_table) const;
};

// Throws on operands and attributes that do not fit.
Rope read(const plugin::Node& node);

// The angle of pair i grows by frequencies[i] with each position.
struct Frequencies {
  std::vector<double> frequencies;
  double attention_factor = 1;  // of cos and sin
};
// The scalings that look at the length of the sequence: dynamic and longrope.
bool depends_on_length(const plugin::Node& node);
std::int64_t trained_length(const plugin::Node& node);
Frequencies frequencies_of(const plugin::Node& node, const Rope& rope, std::int64_t length);
// Checks the parameters of the scaling: all that it needs, none that it does not use.
void check_scaling(const plugin::Node& node, const Rope& rope);

// Turns per position, in units of 2^-32 turns and what is left of one. Whole turns do not matter, so that the product of a position with
// the units may wrap: it is the angle, reduced exactly.
struct Turns {
  std::vector<std::int32_t> units;
  std::vector<double> rest;
};
Turns turns_of(const std::vector<double>& frequencies);
// With dynamic scaling frequency i is that of training times growth^exponent[i].
std::vector<double> stretch_exponents(const Rope& rope);

// True where the tables are constants: positions 0 .. S-1, and not too many of them.
bool is_known(const plugin::Node& node, const Rope& rope);
// put(cosine, sine) for every position and pair of such tables, in order.
template <class Put>
void for_each_known(const plugin::Node& node, const Rope& rope, Put put) {
  const Frequencies f = frequencies_of(node, rope, rope.sequence());
  for (std::int64_t position = 0; position < rope.sequence(); ++position)
    for (double frequency : f.frequencies) {
      const double angle = static_cast<double>(position) * frequency;
      put(std::cos(angle) * f.attention_factor, std::sin(angle) * f.attention_factor);
    }
}

struct Tables {
  plugin::Value cos, sin;  // [sequence, pairs] or [batch, sequence, pairs], in f32 or f64
};
Tables tables(plugin::Builder& b, const Rope& rope);

void infer(const plugin::Node& node);
void lower(plugin::Builder& b);
void lower_as(plugin::Builder& b, std::string_view target);

}  // namespace tenon::attention::rope
