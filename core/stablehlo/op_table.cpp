#include "core/stablehlo/op_table.h"

#include <array>

#include "core/stablehlo/rules.h"

namespace tenon::stablehlo {
namespace {

using enum AttrKind;
using Form = TextForm;

// ---- attributes, in the order in which the text gives them
constexpr bool kMust = true, kMay = false;
constexpr std::string_view kDirections[] = {"EQ", "NE", "GE", "GT", "LE", "LT"};
constexpr std::string_view kCompareTypes[] = {"FLOAT", "TOTALORDER", "SIGNED", "UNSIGNED"};

constexpr AttrSpec kReducePrecision[] = {{"exponent_bits", Int, kMust, {}, {}}, {"mantissa_bits", Int, kMust, {}, {}}};
constexpr AttrSpec kCompare[] = {{"comparison_direction", Enum, kMust, {}, kDirections}, {"compare_type", Enum, kMay, {}, kCompareTypes}};
constexpr AttrSpec kIota[] = {{"iota_dimension", Int, kMust, "dim", {}}};
constexpr AttrSpec kBroadcastInDim[] = {{"broadcast_dimensions", Ints, kMust, "dims", {}}};
constexpr AttrSpec kConcatenate[] = {{"dimension", Int, kMust, "dim", {}}};
constexpr AttrSpec kDynamicSlice[] = {{"slice_sizes", Ints, kMust, "sizes", {}}};
constexpr AttrSpec kGather[] = {{"offset_dims", Ints, kMay, {}, {}},           {"collapsed_slice_dims", Ints, kMay, {}, {}},
                                {"operand_batching_dims", Ints, kMay, {}, {}}, {"start_indices_batching_dims", Ints, kMay, {}, {}},
                                {"start_index_map", Ints, kMay, {}, {}},       {"index_vector_dim", Int, kMust, {}, {}},
                                {"slice_sizes", Ints, kMust, {}, {}},          {"indices_are_sorted", Bool, kMay, {}, {}}};
constexpr AttrSpec kPad[] = {{"edge_padding_low", Ints, kMust, "low", {}},
                             {"edge_padding_high", Ints, kMust, "high", {}},
                             {"interior_padding", Ints, kMust, "interior", {}}};
constexpr AttrSpec kReverse[] = {{"dimensions", Ints, kMust, "dims", {}}};
constexpr AttrSpec kScatter[] = {
    {"update_window_dims", Ints, kMay, {}, {}},           {"inserted_window_dims", Ints, kMay, {}, {}},
    {"input_batching_dims", Ints, kMay, {}, {}},          {"scatter_indices_batching_dims", Ints, kMay, {}, {}},
    {"scatter_dims_to_operand_dims", Ints, kMay, {}, {}}, {"index_vector_dim", Int, kMust, {}, {}},
    {"indices_are_sorted", Bool, kMay, {}, {}},           {"unique_indices", Bool, kMay, {}, {}}};
constexpr AttrSpec kSlice[] = {
    {"start_indices", Ints, kMust, {}, {}}, {"limit_indices", Ints, kMust, {}, {}}, {"strides", Ints, kMay, {}, {}}};
constexpr AttrSpec kTranspose[] = {{"permutation", Ints, kMust, "dims", {}}};
constexpr AttrSpec kConvolution[] = {{"input_batch_dimension", Int, kMust, {}, {}},
                                     {"input_feature_dimension", Int, kMust, {}, {}},
                                     {"input_spatial_dimensions", Ints, kMust, {}, {}},
                                     {"kernel_output_feature_dimension", Int, kMust, {}, {}},
                                     {"kernel_input_feature_dimension", Int, kMust, {}, {}},
                                     {"kernel_spatial_dimensions", Ints, kMust, {}, {}},
                                     {"output_batch_dimension", Int, kMust, {}, {}},
                                     {"output_feature_dimension", Int, kMust, {}, {}},
                                     {"output_spatial_dimensions", Ints, kMust, {}, {}},
                                     {"window_strides", Ints, kMay, {}, {}},
                                     {"padding", Ints, kMay, {}, {}},
                                     {"lhs_dilation", Ints, kMay, {}, {}},
                                     {"rhs_dilation", Ints, kMay, {}, {}},
                                     {"window_reversal", Bools, kMay, {}, {}},
                                     {"batch_group_count", Int, kMay, {}, {}},
                                     {"feature_group_count", Int, kMay, {}, {}},
                                     {"precision_config", Strings, kMay, {}, {}}};
constexpr AttrSpec kDotGeneral[] = {{"lhs_batching_dimensions", Ints, kMay, {}, {}},
                                    {"rhs_batching_dimensions", Ints, kMay, {}, {}},
                                    {"lhs_contracting_dimensions", Ints, kMust, {}, {}},
                                    {"rhs_contracting_dimensions", Ints, kMust, {}, {}},
                                    {"precision_config", Strings, kMay, {}, {}}};
constexpr AttrSpec kReduce[] = {{"dimensions", Ints, kMust, "dimensions", {}}};
constexpr AttrSpec kReduceWindow[] = {{"window_dimensions", Ints, kMust, {}, {}},
                                      {"window_strides", Ints, kMay, {}, {}},
                                      {"base_dilations", Ints, kMay, {}, {}},
                                      {"window_dilations", Ints, kMay, {}, {}},
                                      {"padding", Ints, kMay, {}, {}}};
constexpr AttrSpec kSort[] = {{"dimension", Int, kMay, {}, {}}, {"is_stable", Bool, kMay, {}, {}}};
constexpr AttrSpec kCall[] = {{"callee", Symbol, kMust, {}, {}}};
constexpr AttrSpec kComposite[] = {{"name", String, kMust, {}, {}},
                                   {"composite_attributes", Dict, kMay, {}, {}},
                                   {"decomposition", Symbol, kMust, {}, {}},
                                   {"version", Int, kMay, {}, {}}};
constexpr AttrSpec kCustomCall[] = {{"call_target_name", String, kMust, {}, {}},    {"api_version", Int, kMay, {}, {}},
                                    {"backend_config", StringOrDict, kMay, {}, {}}, {"called_computations", Strings, kMay, {}, {}},
                                    {"has_side_effect", Bool, kMay, {}, {}},        {"operand_layouts", Ints, kMay, {}, {}},
                                    {"result_layouts", Ints, kMay, {}, {}}};
constexpr AttrSpec kDynamicBroadcastInDim[] = {{"broadcast_dimensions", Ints, kMust, "dims", {}},
                                               {"known_expanding_dimensions", Ints, kMay, {}, {}},
                                               {"known_nonexpanding_dimensions", Ints, kMay, {}, {}}};
constexpr AttrSpec kDimensionSize[] = {{"dimension", Int, kMust, "dim", {}}};
constexpr AttrSpec kGlobalLoad[] = {{"global", Symbol, kMust, {}, {}}};

// ---- rows
using namespace rules;
constexpr TypeRule kFloats = elementwise<kFloat>;

constexpr OpInfo unary(OpCode code, std::string_view name, TypeRule rule) {
  return {code, name, Form::SameType, 1, 1, 1, 0, {}, rule, false};
}
constexpr OpInfo binary(OpCode code, std::string_view name, TypeRule rule, bool commutative = false) {
  return {code, name, Form::SameType, 2, 2, 1, 0, {}, rule, commutative};
}

// In the order of op_code.h.
constexpr std::array<OpInfo, static_cast<std::size_t>(OpCode::Count)> kTable = {{
    unary(OpCode::Abs, "stablehlo.abs", elementwise<kSigned | kFloat>),
    unary(OpCode::Cbrt, "stablehlo.cbrt", kFloats),
    unary(OpCode::Ceil, "stablehlo.ceil", kFloats),
    {OpCode::Convert, "stablehlo.convert", Form::Functional, 1, 1, 1, 0, {}, convert, false},
    unary(OpCode::Cosine, "stablehlo.cosine", kFloats),
    unary(OpCode::Exponential, "stablehlo.exponential", kFloats),
    unary(OpCode::ExponentialMinusOne, "stablehlo.exponential_minus_one", kFloats),
    unary(OpCode::Floor, "stablehlo.floor", kFloats),
    {OpCode::IsFinite, "stablehlo.is_finite", Form::Functional, 1, 1, 1, 0, {}, is_finite, false},
    unary(OpCode::Log, "stablehlo.log", kFloats),
    unary(OpCode::LogPlusOne, "stablehlo.log_plus_one", kFloats),
    unary(OpCode::Logistic, "stablehlo.logistic", kFloats),
    unary(OpCode::Negate, "stablehlo.negate", elementwise<kNumber>),
    unary(OpCode::Not, "stablehlo.not", elementwise<kBits>),
    unary(OpCode::PopulationCount, "stablehlo.popcnt", elementwise<kInteger>),
    unary(OpCode::CountLeadingZeros, "stablehlo.count_leading_zeros", elementwise<kInteger>),
    unary(OpCode::RoundNearestAfz, "stablehlo.round_nearest_afz", kFloats),
    unary(OpCode::RoundNearestEven, "stablehlo.round_nearest_even", kFloats),
    unary(OpCode::Rsqrt, "stablehlo.rsqrt", kFloats),
    unary(OpCode::Sign, "stablehlo.sign", elementwise<kSigned | kFloat>),
    unary(OpCode::Sine, "stablehlo.sine", kFloats),
    unary(OpCode::Sqrt, "stablehlo.sqrt", kFloats),
    unary(OpCode::Tan, "stablehlo.tan", kFloats),
    unary(OpCode::Tanh, "stablehlo.tanh", kFloats),
    {OpCode::BitcastConvert, "stablehlo.bitcast_convert", Form::Functional, 1, 1, 1, 0, {}, bitcast_convert, false},
    {OpCode::ReducePrecision, "stablehlo.reduce_precision", Form::ReducePrecision, 1, 1, 1, 0, kReducePrecision, reduce_precision, false},
    {OpCode::OptimizationBarrier, "stablehlo.optimization_barrier", Form::Pairwise, 1, -1, -1, 0, {}, optimization_barrier, false},

    binary(OpCode::Add, "stablehlo.add", elementwise<kAny>, true),
    binary(OpCode::And, "stablehlo.and", elementwise<kBits>, true),
    binary(OpCode::Atan2, "stablehlo.atan2", kFloats),
    binary(OpCode::Divide, "stablehlo.divide", elementwise<kNumber>),
    binary(OpCode::Maximum, "stablehlo.maximum", elementwise<kAny>, true),
    binary(OpCode::Minimum, "stablehlo.minimum", elementwise<kAny>, true),
    binary(OpCode::Multiply, "stablehlo.multiply", elementwise<kAny>, true),
    binary(OpCode::Or, "stablehlo.or", elementwise<kBits>, true),
    binary(OpCode::Power, "stablehlo.power", elementwise<kNumber>),
    binary(OpCode::Remainder, "stablehlo.remainder", elementwise<kNumber>),
    binary(OpCode::ShiftLeft, "stablehlo.shift_left", elementwise<kInteger>),
    binary(OpCode::ShiftRightArithmetic, "stablehlo.shift_right_arithmetic", elementwise<kInteger>),
    binary(OpCode::ShiftRightLogical, "stablehlo.shift_right_logical", elementwise<kInteger>),
    binary(OpCode::Subtract, "stablehlo.subtract", elementwise<kNumber>),
    binary(OpCode::Xor, "stablehlo.xor", elementwise<kBits>, true),
    {OpCode::Compare, "stablehlo.compare", Form::Compare, 2, 2, 1, 0, kCompare, compare, false},
    {OpCode::Select, "stablehlo.select", Form::Select, 3, 3, 1, 0, {}, rules::select, false},
    {OpCode::Clamp, "stablehlo.clamp", Form::SameType, 3, 3, 1, 0, {}, clamp, false},

    {OpCode::Constant, "stablehlo.constant", Form::Constant, 0, 0, 1, 0, {}, constant, false},
    {OpCode::Iota, "stablehlo.iota", Form::ResultType, 0, 0, 1, 0, kIota, iota, false},
    {OpCode::BroadcastInDim, "stablehlo.broadcast_in_dim", Form::Functional, 1, 1, 1, 0, kBroadcastInDim, broadcast_in_dim, false},
    {OpCode::Concatenate, "stablehlo.concatenate", Form::Functional, 1, -1, 1, 0, kConcatenate, concatenate, false},
    {OpCode::DynamicSlice, "stablehlo.dynamic_slice", Form::Functional, 1, -1, 1, 0, kDynamicSlice, dynamic_slice, false},
    {OpCode::DynamicUpdateSlice, "stablehlo.dynamic_update_slice", Form::Functional, 2, -1, 1, 0, {}, dynamic_update_slice, false},
    {OpCode::Gather, "stablehlo.gather", Form::Gather, 2, 2, 1, 0, kGather, gather, false},
    {OpCode::Pad, "stablehlo.pad", Form::Functional, 2, 2, 1, 0, kPad, pad, false},
    {OpCode::Reshape, "stablehlo.reshape", Form::Functional, 1, 1, 1, 0, {}, reshape, false},
    {OpCode::Reverse, "stablehlo.reverse", Form::SameType, 1, 1, 1, 0, kReverse, reverse, false},
    {OpCode::Scatter, "stablehlo.scatter", Form::Scatter, 3, -1, -1, 1, kScatter, scatter, false},
    {OpCode::Slice, "stablehlo.slice", Form::Slice, 1, 1, 1, 0, kSlice, slice, false},
    {OpCode::Transpose, "stablehlo.transpose", Form::Functional, 1, 1, 1, 0, kTranspose, transpose, false},

    {OpCode::Convolution, "stablehlo.convolution", Form::Convolution, 2, 2, 1, 0, kConvolution, convolution, false},
    {OpCode::DotGeneral, "stablehlo.dot_general", Form::DotGeneral, 2, 2, 1, 0, kDotGeneral, dot_general, false},
    {OpCode::Reduce, "stablehlo.reduce", Form::Reduce, 2, -1, -1, 1, kReduce, rules::reduce, false},
    {OpCode::ReduceWindow, "stablehlo.reduce_window", Form::ReduceWindow, 2, -1, -1, 1, kReduceWindow, reduce_window, false},
    {OpCode::Sort, "stablehlo.sort", Form::Generic, 1, -1, -1, 1, kSort, sort, false},

    {OpCode::Call, "func.call", Form::Call, 0, -1, -1, 0, kCall, call, false},
    {OpCode::Case, "stablehlo.case", Form::Generic, 1, 1, -1, -1, {}, case_of, false},
    {OpCode::Composite, "stablehlo.composite", Form::Composite, 0, -1, -1, 0, kComposite, composite, false},
    {OpCode::CustomCall, "stablehlo.custom_call", Form::CustomCall, 0, -1, -1, 0, kCustomCall, custom_call, false},
    {OpCode::If, "stablehlo.if", Form::Generic, 1, 1, -1, 2, {}, if_else, false},
    {OpCode::While, "stablehlo.while", Form::While, 1, -1, -1, 2, {}, while_loop, false},
    {OpCode::Return, "stablehlo.return", Form::Return, 0, -1, 0, 0, {}, return_values, false},

    {OpCode::DynamicBroadcastInDim, "stablehlo.dynamic_broadcast_in_dim", Form::Functional, 2, 2, 1, 0, kDynamicBroadcastInDim,
     dynamic_broadcast_in_dim, false},
    {OpCode::DynamicIota, "stablehlo.dynamic_iota", Form::Functional, 1, 1, 1, 0, kIota, dynamic_iota, false},
    {OpCode::DynamicReshape, "stablehlo.dynamic_reshape", Form::Functional, 2, 2, 1, 0, {}, dynamic_reshape, false},
    {OpCode::GetDimensionSize, "stablehlo.get_dimension_size", Form::Functional, 1, 1, 1, 0, kDimensionSize, get_dimension_size, false},
    {OpCode::SetDimensionSize, "stablehlo.set_dimension_size", Form::Functional, 2, 2, 1, 0, kDimensionSize, set_dimension_size, false},

    {OpCode::GlobalLoad, "util.global.load", Form::GlobalLoad, 0, 0, 1, 0, kGlobalLoad, global_load, false},
    {OpCode::TensorReshape, "tensor.reshape", Form::Generic, 2, 2, 1, 0, {}, dynamic_reshape, false},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kTable.size(); ++i) {
    if (kTable[i].code != static_cast<OpCode>(i)) return false;
  }
  return true;
}
static_assert(in_order(), "the rows stand in the order of op_code.h");

}  // namespace

const OpInfo& info(OpCode code) { return kTable[static_cast<std::size_t>(code)]; }

const OpInfo* find_op(std::string_view name) {
  for (const OpInfo& row : kTable) {
    if (row.name == name || (row.name.starts_with("stablehlo.") && row.name.substr(10) == name)) return &row;
  }
  return nullptr;
}

std::span<const OpInfo> all_ops() { return kTable; }

}  // namespace tenon::stablehlo
