// What the parts of rope share: one use of it, and its frequencies.
#pragma once

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

struct Tables {
  plugin::Value cos, sin;  // [sequence, pairs] or [batch, sequence, pairs], in f32 or f64
};
Tables tables(plugin::Builder& b, const Rope& rope);

void lower_as(plugin::Builder& b, std::string_view target);

}  // namespace tenon::attention::rope
