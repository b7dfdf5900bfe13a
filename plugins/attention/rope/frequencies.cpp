// The frequencies of rope under each scaling, in double, and what their parameters must be.
#include <algorithm>
#include <cstring>

#include "plugins/attention/rope/rope.h"

namespace tenon::attention::rope {

using namespace plugin;

namespace {

constexpr double kTwoPi = 6.283185307179586476925286766559;
constexpr std::int64_t kLargestTable = std::int64_t{1} << 20;  // elements; a longer one is computed rather than written out

struct Parameter {
  const char* name;
  const char* scalings;  // those that use it
  const char* needed;    // those that cannot do without it
};
constexpr Parameter kParameters[] = {
    {"factor", "linear dynamic yarn llama3 longrope", "linear dynamic yarn llama3"},
    {"original_max_position_embeddings", "dynamic yarn llama3 longrope", "llama3 longrope"},
    {"max_position_embeddings", "dynamic yarn longrope", ""},
    {"low_freq_factor", "llama3", "llama3"},
    {"high_freq_factor", "llama3", "llama3"},
    {"beta_fast", "yarn", ""},
    {"beta_slow", "yarn", ""},
    {"mscale", "yarn", ""},
    {"mscale_all_dim", "yarn", ""},
    {"attention_factor", "yarn longrope", ""},
    {"short_factor", "longrope", "longrope"},
    {"long_factor", "longrope", "longrope"},
};

bool lists(std::string_view words, std::string_view word) { return words.find(word) != std::string_view::npos; }

double real_or(const Node& node, const char* name, double fallback) { return node.has_attribute(name) ? node.real(name) : fallback; }

void check_factors(const Node& node, const char* name, const Rope& rope) {
  const std::vector<double> factors = node.reals(name);
  if (static_cast<std::int64_t>(factors.size()) != rope.pairs())
    node.fail(TENON_INVALID_ARGUMENT, cat(name, " must have a factor for each of the ", rope.pairs(), " pairs, got ", factors.size()));
  for (double factor : factors)
    if (!(factor > 0) || std::isinf(factor)) node.fail(TENON_OUT_OF_RANGE, cat(name, " must be above 0 and finite, got ", factor));
}

// How much longer than in training a sequence may be.
double longrope_factor(const Node& node) {
  if (!node.has_attribute("max_position_embeddings")) return node.real("factor");
  return static_cast<double>(node.integer("max_position_embeddings")) / static_cast<double>(trained_length(node));
}

double yarn_scale(double factor, double mscale) { return factor <= 1 ? 1 : 0.1 * mscale * std::log(factor) + 1; }

double yarn_attention_factor(const Node& node) {
  if (node.has_attribute("attention_factor")) return node.real("attention_factor");
  const double factor = node.real("factor"), mscale = real_or(node, "mscale", 0), all = real_or(node, "mscale_all_dim", 0);
  return mscale != 0 && all != 0 ? yarn_scale(factor, mscale) / yarn_scale(factor, all) : yarn_scale(factor, 1);
}

// Fast pairs stay, slow ones are stretched, with a ramp between the pairs that turn beta_fast and beta_slow times in training.
void yarn(const Node& node, const Rope& rope, std::vector<double>& frequencies) {
  const double factor = node.real("factor"), base = node.real("base"), size = static_cast<double>(rope.rotary);
  const auto pair_that_turns = [&](double turns) {
    return size * std::log(static_cast<double>(trained_length(node)) / (turns * kTwoPi)) / (2 * std::log(base));
  };
  double low = pair_that_turns(real_or(node, "beta_fast", 32)), high = pair_that_turns(real_or(node, "beta_slow", 1));
  if (node.flag("truncate")) {
    low = std::floor(low);
    high = std::ceil(high);
  }
  low = std::max(low, 0.0);
  high = std::min(high, size - 1);
  if (low == high) high += 0.001;
  for (std::size_t i = 0; i < frequencies.size(); ++i) {
    const double slow = std::min(std::max((static_cast<double>(i) - low) / (high - low), 0.0), 1.0);
    frequencies[i] = frequencies[i] / factor * slow + frequencies[i] * (1 - slow);
  }
}

// Long waves are stretched, short ones stay, those between are blended.
void llama3(const Node& node, std::vector<double>& frequencies) {
  const double factor = node.real("factor"), low = node.real("low_freq_factor"), high = node.real("high_freq_factor");
  const auto trained = static_cast<double>(trained_length(node));
  for (double& frequency : frequencies) {
    const double waves = trained * frequency / kTwoPi;
    if (waves > high) continue;
    const double keep = waves < low ? 0 : (waves - low) / (high - low);
    frequency = (1 - keep) * frequency / factor + keep * frequency;
  }
}

}  // namespace

bool depends_on_length(const Node& node) { return node.string("scaling") == "dynamic" || node.string("scaling") == "longrope"; }

std::int64_t trained_length(const Node& node) {
  return node.integer(node.has_attribute("original_max_position_embeddings") ? "original_max_position_embeddings"
                                                                             : "max_position_embeddings");
}

void check_scaling(const Node& node, const Rope& rope) {
  const std::string scaling(node.string("scaling"));
  for (const Parameter& parameter : kParameters) {
    const bool given = node.has_attribute(parameter.name);
    if (given && !lists(parameter.scalings, scaling))
      node.fail(TENON_INVALID_ARGUMENT, cat(parameter.name, " has no meaning with scaling ", scaling),
                cat("it is a parameter of: ", parameter.scalings));
    if (!given && lists(parameter.needed, scaling)) node.fail(TENON_INVALID_ARGUMENT, cat("scaling ", scaling, " needs ", parameter.name));
  }
  const bool trained = node.has_attribute("original_max_position_embeddings") || node.has_attribute("max_position_embeddings");
  if ((scaling == "dynamic" || scaling == "yarn") && !trained)
    node.fail(TENON_INVALID_ARGUMENT, cat("scaling ", scaling, " needs original_max_position_embeddings"));
  if (scaling == "llama3" && !(node.real("low_freq_factor") < node.real("high_freq_factor")))
    node.fail(TENON_INVALID_ARGUMENT, "low_freq_factor must be below high_freq_factor");
  if (scaling == "yarn" && node.real("base") == 1) node.fail(TENON_INVALID_ARGUMENT, "scaling yarn needs a base other than 1");
  if (scaling == "dynamic" && node.real("factor") < 1)
    node.fail(TENON_OUT_OF_RANGE, cat("factor must be 1 or more with scaling dynamic, got ", node.real("factor")));
  if (scaling == "longrope") {
    check_factors(node, "short_factor", rope);
    check_factors(node, "long_factor", rope);
    const bool longer = node.has_attribute("max_position_embeddings"), factor = node.has_attribute("factor");
    if (!longer && !factor && !node.has_attribute("attention_factor"))
      node.fail(TENON_INVALID_ARGUMENT, "scaling longrope needs max_position_embeddings, factor or attention_factor");
    if (longer && factor && longrope_factor(node) != node.real("factor"))
      node.fail(TENON_INVALID_ARGUMENT, cat("factor is ", node.real("factor"), ", max_position_embeddings is ", longrope_factor(node),
                                            " times original_max_position_embeddings"));
  }
}

Frequencies frequencies_of(const Node& node, const Rope& rope, std::int64_t length) {
  const std::string scaling(node.string("scaling"));
  const auto size = static_cast<double>(rope.rotary);
  double base = node.real("base");
  Frequencies out;
  if (scaling == "dynamic" && rope.rotary > 2) {
    const double factor = node.real("factor"), trained = static_cast<double>(trained_length(node));
    const double longest = std::max(static_cast<double>(length), trained);
    base *= std::pow(factor * longest / trained - (factor - 1), size / (size - 2));
  }
  for (std::int64_t i = 0; i < rope.pairs(); ++i) out.frequencies.push_back(std::pow(base, -2 * static_cast<double>(i) / size));
  if (scaling == "linear")
    for (double& frequency : out.frequencies) frequency /= node.real("factor");
  if (scaling == "yarn") {
    yarn(node, rope, out.frequencies);
    out.attention_factor = yarn_attention_factor(node);
  }
  if (scaling == "llama3") llama3(node, out.frequencies);
  if (scaling == "longrope") {
    const std::int64_t trained = trained_length(node);
    const std::vector<double> factors = node.reals(length > trained ? "long_factor" : "short_factor");
    for (std::size_t i = 0; i < factors.size(); ++i) out.frequencies[i] /= factors[i];
    if (node.has_attribute("attention_factor"))
      out.attention_factor = node.real("attention_factor");
    else if (const double factor = longrope_factor(node); factor > 1)
      out.attention_factor = std::sqrt(1 + std::log(factor) / std::log(static_cast<double>(trained)));
  }
  return out;
}

Turns turns_of(const std::vector<double>& frequencies) {
  Turns out;
  for (double frequency : frequencies) {
    double turns = frequency / kTwoPi;
    turns = std::ldexp(turns - std::floor(turns), 32);
    const double units = std::nearbyint(turns);
    out.rest.push_back(std::ldexp(turns - units, -32));
    const auto bits = static_cast<std::uint32_t>(static_cast<std::uint64_t>(units));  // 2^32 is 0
    out.units.emplace_back();
    std::memcpy(&out.units.back(), &bits, sizeof bits);
  }
  return out;
}

std::vector<double> stretch_exponents(const Rope& rope) {
  std::vector<double> exponents;
  for (std::int64_t i = 0; i < rope.pairs(); ++i)
    exponents.push_back(rope.rotary == 2 ? 0 : -2 * static_cast<double>(i) / static_cast<double>(rope.rotary - 2));
  return exponents;
}

bool is_known(const Node& node, const Rope& rope) {
  return !node.has(kCos) && !node.has(kPositions) && rope.sequence() != TENON_DYNAMIC && rope.sequence() * rope.pairs() <= kLargestTable;
}

}  // namespace tenon::attention::rope
