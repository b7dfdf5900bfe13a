// Type rules of contractions, windows and reductions.
#include <algorithm>

#include "core/stablehlo/rules.h"

namespace tenon::stablehlo::rules {
namespace {

std::int64_t entry(const RuleInput& in, std::string_view attribute, std::size_t index, std::int64_t fallback) {
  const std::vector<std::int64_t>& list = get_ints(in.attributes, attribute);
  return list.empty() ? fallback : list[index];
}

Status expect_optional(const RuleInput& in, std::string_view attribute, std::size_t count, std::int64_t least) {
  if (find(in.attributes, attribute) == nullptr) return {};
  TENON_TRY(expect_count(in, attribute, count));
  return expect_least(in, attribute, least);
}

Status check_precision(const RuleInput& in) {
  const Attr* attr = find(in.attributes, "precision_config");
  if (attr == nullptr) return {};
  const std::vector<std::string>& words = std::get<StringsAttr>(*attr).values;
  if (words.size() != 2) return refuse(in, "precision_config must have 2 entries, got ", words.size());
  for (const std::string& word : words) {
    if (word != "DEFAULT" && word != "HIGH" && word != "HIGHEST") {
      return refuse(in, "precision_config takes DEFAULT, HIGH and HIGHEST, got ", word);
    }
  }
  return {};
}

// N inputs and N init values, as reduce and reduce_window take them; the region combines two scalars of each input's type. A wider
// accumulator would be valid StableHLO, but neither XLA nor IREE compiles it.
Status check_reduction(const RuleInput& in) {
  const std::size_t count = in.operands.size() / 2;
  if (in.operands.size() != 2 * count) return refuse(in, "needs as many init values as inputs, got ", in.operands.size(), " operands");
  std::vector<TensorType> scalars;
  for (std::size_t i = 0; i < count; ++i) {
    if (!compatible(in.operands[i], TensorType{in.operands[i].dtype, in.operands[0].dims})) {
      return refuse(in, "input ", i, " must have the shape of input 0, ", to_string(in.operands[0]), ", got ", to_string(in.operands[i]));
    }
    TENON_TRY(expect_scalar(in, count + i, in.operands[i].dtype));
    scalars.push_back(TensorType{in.operands[i].dtype, {}});
  }
  std::vector<TensorType> arguments = scalars;
  arguments.insert(arguments.end(), scalars.begin(), scalars.end());
  return expect_region(in, 0, arguments, scalars);
}

// One type per input, with these dimensions.
Types reduction_types(const RuleInput& in, const Dims& dims) {
  std::vector<TensorType> out;
  for (std::size_t i = 0; i < in.operands.size() / 2; ++i) out.push_back(TensorType{in.operands[i].dtype, dims});
  return settle(in, std::move(out));
}

// Batch, feature and spatial dimensions name every dimension of a convolution's operand or result once.
Status check_dimension_numbers(const RuleInput& in, std::string_view what, std::string_view first, std::string_view second,
                               std::string_view spatial, int rank) {
  std::vector<std::int64_t> all = get_ints(in.attributes, spatial);
  all.push_back(get_int(in.attributes, first));
  all.push_back(get_int(in.attributes, second));
  std::sort(all.begin(), all.end());
  bool good = all.size() == static_cast<std::size_t>(rank);
  for (std::size_t i = 0; good && i < all.size(); ++i) good = all[i] == static_cast<std::int64_t>(i);
  if (good) return {};
  return refuse(in, "the dimension numbers of the ", what, " must name each of its ", rank, " dimensions once");
}

}  // namespace

Types dot_general(const RuleInput& in) {
  const TensorType& lhs = in.operands[0];
  const TensorType& rhs = in.operands[1];
  TENON_TRY(expect_kind(in, 0, kAny));
  if (lhs.dtype != rhs.dtype) {
    return refuse(in, "both operands must have one element type, got ", to_string(lhs), " and ", to_string(rhs))
        .advise("convert one of them");
  }
  TENON_TRY(check_precision(in));
  const auto& lhs_batch = get_ints(in.attributes, "lhs_batching_dimensions");
  const auto& rhs_batch = get_ints(in.attributes, "rhs_batching_dimensions");
  const auto& lhs_contract = get_ints(in.attributes, "lhs_contracting_dimensions");
  const auto& rhs_contract = get_ints(in.attributes, "rhs_contracting_dimensions");
  for (const std::string_view name : {"lhs_batching_dimensions", "lhs_contracting_dimensions"}) {
    TENON_TRY(expect_axes(in, name, lhs.rank()));
  }
  for (const std::string_view name : {"rhs_batching_dimensions", "rhs_contracting_dimensions"}) {
    TENON_TRY(expect_axes(in, name, rhs.rank()));
  }
  TensorType type{lhs.dtype, {}};
  const auto pair = [&](const auto& left, const auto& right, std::string_view what, bool keep) -> Status {
    if (left.size() != right.size()) return refuse(in, "both operands must have as many ", what, " dimensions");
    for (std::size_t i = 0; i < left.size(); ++i) {
      const std::int64_t a = lhs.dims[static_cast<std::size_t>(left[i])], b = rhs.dims[static_cast<std::size_t>(right[i])];
      if (!compatible(a, b)) {
        return refuse(in, what, " dimension ", left[i], " of ", to_string(lhs), " must equal dimension ", right[i], " of ", to_string(rhs));
      }
      if (keep) type.dims.push_back(a == kDynamic ? b : a);
    }
    return {};
  };
  TENON_TRY(pair(lhs_batch, rhs_batch, "batching", true));
  TENON_TRY(pair(lhs_contract, rhs_contract, "contracting", false));
  const auto free = [&](const TensorType& side, const auto& batch, const auto& contract) -> Status {
    for (std::size_t i = 0; i < side.dims.size(); ++i) {
      const auto axis = static_cast<std::int64_t>(i);
      if (contains(batch, axis) && contains(contract, axis)) return refuse(in, "dimension ", axis, " is both batching and contracting");
      if (!contains(batch, axis) && !contains(contract, axis)) type.dims.push_back(side.dims[i]);
    }
    return {};
  };
  TENON_TRY(free(lhs, lhs_batch, lhs_contract));
  TENON_TRY(free(rhs, rhs_batch, rhs_contract));
  return settle_wider(in, std::move(type));
}

Types convolution(const RuleInput& in) {
  const TensorType& lhs = in.operands[0];
  const TensorType& rhs = in.operands[1];
  const int rank = lhs.rank();
  if (rank < 2 || rhs.rank() != rank || lhs.dtype != rhs.dtype) {
    return refuse(in, "both operands must have one element type and one rank of 2 or more, got ", to_string(lhs), " and ", to_string(rhs));
  }
  TENON_TRY(expect_kind(in, 0, kNumber));
  TENON_TRY(expect_static(in, rhs, "the kernel"));
  TENON_TRY(check_precision(in));
  TENON_TRY(check_dimension_numbers(in, "input", "input_batch_dimension", "input_feature_dimension", "input_spatial_dimensions", rank));
  TENON_TRY(check_dimension_numbers(in, "kernel", "kernel_input_feature_dimension", "kernel_output_feature_dimension",
                                    "kernel_spatial_dimensions", rank));
  TENON_TRY(check_dimension_numbers(in, "result", "output_batch_dimension", "output_feature_dimension", "output_spatial_dimensions", rank));
  const auto spatial = static_cast<std::size_t>(rank) - 2;
  TENON_TRY(expect_optional(in, "window_strides", spatial, 1));
  TENON_TRY(expect_optional(in, "lhs_dilation", spatial, 1));
  TENON_TRY(expect_optional(in, "rhs_dilation", spatial, 1));
  if (find(in.attributes, "padding") != nullptr) TENON_TRY(expect_count(in, "padding", 2 * spatial));
  if (find(in.attributes, "window_reversal") != nullptr) TENON_TRY(expect_count(in, "window_reversal", spatial));
  const auto size = [&](const TensorType& type, std::string_view attribute) {
    return type.dims[static_cast<std::size_t>(get_int(in.attributes, attribute))];
  };
  const std::int64_t features = get_int(in.attributes, "feature_group_count", 1), batches = get_int(in.attributes, "batch_group_count", 1);
  const std::int64_t kernels = size(rhs, "kernel_output_feature_dimension");
  // Only the batch may be dynamic, and only where no groups divide it.
  TensorType known = lhs;
  if (batches == 1) known.dims[static_cast<std::size_t>(get_int(in.attributes, "input_batch_dimension"))] = 1;
  if (!known.is_static()) TENON_TRY(expect_static(in, lhs, "the input but for its batch"));
  if (features < 1 || batches < 1 || (features > 1 && batches > 1)) {
    return refuse(in, "feature_group_count and batch_group_count must be 1 or more, and one of them 1, got ", features, " and ", batches);
  }
  if (size(lhs, "input_feature_dimension") % features != 0 ||
      size(rhs, "kernel_input_feature_dimension") != size(lhs, "input_feature_dimension") / features) {
    return refuse(in, "the kernel's input features must be the input's, ", size(lhs, "input_feature_dimension"), ", / ", features, ", got ",
                  size(rhs, "kernel_input_feature_dimension"));
  }
  if (kernels % features != 0 || kernels % batches != 0 || (batches > 1 && size(lhs, "input_batch_dimension") % batches != 0)) {
    return refuse(in, "the groups must divide the kernel's ", kernels, " output features and the input's batch of ",
                  size(lhs, "input_batch_dimension"));
  }
  TensorType type{lhs.dtype, Dims(lhs.dims.size())};
  type.dims[static_cast<std::size_t>(get_int(in.attributes, "output_batch_dimension"))] =
      batches == 1 ? size(lhs, "input_batch_dimension") : size(lhs, "input_batch_dimension") / batches;
  type.dims[static_cast<std::size_t>(get_int(in.attributes, "output_feature_dimension"))] = kernels;
  for (std::size_t i = 0; i < spatial; ++i) {
    const auto at = [&](std::string_view attribute) { return static_cast<std::size_t>(get_ints(in.attributes, attribute)[i]); };
    const Window window{rhs.dims[at("kernel_spatial_dimensions")], entry(in, "window_strides", i, 1), entry(in, "padding", 2 * i, 0),
                        entry(in, "padding", 2 * i + 1, 0),        entry(in, "lhs_dilation", i, 1),   entry(in, "rhs_dilation", i, 1)};
    const Result<std::int64_t> positions = window_positions(lhs.dims[at("input_spatial_dimensions")], window);
    if (!positions.ok()) return refuse(in, "spatial dimension ", i, ": ", positions.error().message);
    type.dims[at("output_spatial_dimensions")] = *positions;
  }
  return settle_wider(in, std::move(type));
}

Types reduce(const RuleInput& in) {
  TENON_TRY(check_reduction(in));
  TENON_TRY(expect_axes(in, "dimensions", in.operands[0].rank()));
  Dims dims;
  for (std::size_t i = 0; i < in.operands[0].dims.size(); ++i) {
    if (!contains(get_ints(in.attributes, "dimensions"), static_cast<std::int64_t>(i))) dims.push_back(in.operands[0].dims[i]);
  }
  return reduction_types(in, dims);
}

Types reduce_window(const RuleInput& in) {
  TENON_TRY(check_reduction(in));
  const TensorType& from = in.operands[0];
  const std::size_t rank = from.dims.size();
  TENON_TRY(expect_count(in, "window_dimensions", rank));
  TENON_TRY(expect_least(in, "window_dimensions", 1));
  for (const std::string_view name : {"window_strides", "base_dilations", "window_dilations"}) {
    TENON_TRY(expect_optional(in, name, rank, 1));
  }
  if (find(in.attributes, "padding") != nullptr) TENON_TRY(expect_count(in, "padding", 2 * rank));
  Dims dims;
  for (std::size_t i = 0; i < rank; ++i) {
    const Window window{get_ints(in.attributes, "window_dimensions")[i],
                        entry(in, "window_strides", i, 1),
                        entry(in, "padding", 2 * i, 0),
                        entry(in, "padding", 2 * i + 1, 0),
                        entry(in, "base_dilations", i, 1),
                        entry(in, "window_dilations", i, 1)};
    if (from.dims[i] == kDynamic) {
      // A window of one element in each place: the size stays, whatever it is.
      if (window.size != 1 || window.stride != 1 || window.low != 0 || window.high != 0 || window.base_dilation != 1)
        return refuse(in, "dimension ", i, " is dynamic: its window must be 1, with stride 1 and without padding or dilation");
      dims.push_back(kDynamic);
      continue;
    }
    const Result<std::int64_t> positions = window_positions(from.dims[i], window);
    if (!positions.ok()) return refuse(in, "dimension ", i, ": ", positions.error().message);
    dims.push_back(*positions);
  }
  return reduction_types(in, dims);
}

Types sort(const RuleInput& in) {
  const std::int64_t rank = in.operands[0].rank();
  const std::int64_t axis = get_int(in.attributes, "dimension", -1);
  if (axis < -rank || axis >= rank) return refuse(in, "dimension must be from ", -rank, " to below ", rank, ", got ", axis);
  std::vector<TensorType> arguments;
  for (std::size_t i = 0; i < in.operands.size(); ++i) {
    if (!compatible(in.operands[i], TensorType{in.operands[i].dtype, in.operands[0].dims})) {
      return refuse(in, "operand ", i, " must have the shape of operand 0, ", to_string(in.operands[0]), ", got ",
                    to_string(in.operands[i]));
    }
    arguments.insert(arguments.end(), 2, TensorType{in.operands[i].dtype, {}});
  }
  TENON_TRY(expect_region(in, 0, arguments, {TensorType{DType::I1, {}}}));
  return settle(in, {in.operands.begin(), in.operands.end()});
}

}  // namespace tenon::stablehlo::rules
