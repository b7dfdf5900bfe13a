// Attributes: every spelling of a value reaches the operator exactly, and what the schema does not allow is an error that names it.
#include <cmath>
#include <limits>

#include "core/op/test_support.h"

namespace tenon {
namespace {

using namespace testing;  // NOLINT
using ::testing::HasSubstr;

// A schema of one attribute called "a".
OpSchema with(AttrSchema attr) {
  OpSchema schema;
  schema.name = "op";
  schema.op_namespace = "tenon";
  attr.name = attr.name.empty() ? "a" : attr.name;
  schema.attributes = {std::move(attr)};
  return schema;
}

Result<Dict> give(AttrType type, Attr value) { return resolve_attributes(with(attribute("a", type)), {{"a", std::move(value)}}); }

TEST(Attributes, DefaultsAreFilledInMarkedAndSorted) {
  const Result<Dict> resolved = resolve_attributes(norm_schema(), {{"unit_offset", Attr(true)}});
  ASSERT_TRUE(resolved.ok()) << error_of(resolved);
  ASSERT_EQ(resolved->size(), 3u);  // normalized_shape has neither value nor default
  EXPECT_EQ((*resolved)[0].name, "axis");
  EXPECT_EQ((*resolved)[1].name, "epsilon");
  EXPECT_EQ((*resolved)[2].name, "unit_offset");
  EXPECT_TRUE((*resolved)[0].defaulted);
  EXPECT_TRUE((*resolved)[1].defaulted);
  EXPECT_FALSE((*resolved)[2].defaulted);
  EXPECT_EQ(get_float(*resolved, "epsilon"), 1e-6);
}

// An epsilon given as float, double, integer or text is used, bit for bit.
TEST(Attributes, EpsilonInAnySpellingIsExact) {
  const auto epsilon = [](Attr value) {
    const Result<Dict> resolved = resolve_attributes(norm_schema(), {{"epsilon", std::move(value)}});
    return resolved.ok() ? get_float(*resolved, "epsilon") : std::nan("");
  };
  EXPECT_EQ(epsilon(FloatAttr{1e-3}), 1e-3);
  EXPECT_EQ(epsilon(FloatAttr{static_cast<double>(1e-3f)}), 0.001000000047497451305389404296875);  // the float nearest to 1e-3
  EXPECT_EQ(epsilon(FloatAttr{static_cast<double>(1e-3f), DType::F32}), 0.001000000047497451305389404296875);
  EXPECT_EQ(epsilon(std::string("1e-3")), 1e-3);
  EXPECT_EQ(epsilon(std::string("0.001")), 1e-3);
  EXPECT_EQ(epsilon(std::string("1.0e-5")), 1e-5);
  EXPECT_EQ(epsilon(IntAttr{2}), 2.0);
  EXPECT_EQ(epsilon(std::string("2")), 2.0);
  EXPECT_EQ(epsilon(FloatAttr{std::numeric_limits<double>::denorm_min()}), std::numeric_limits<double>::denorm_min());
}

TEST(Attributes, BoundsNameTheAttributeAndWhatIsAllowed) {
  for (const Attr& bad : {Attr(FloatAttr{0}), Attr(FloatAttr{-0.0}), Attr(FloatAttr{-1}), Attr(FloatAttr{std::nan("")}), Attr(IntAttr{0}),
                          Attr(std::string("-1e-5")), Attr(std::string(".nan")), Attr(FloatAttr{-INFINITY})}) {
    const Result<Dict> resolved = resolve_attributes(norm_schema(), {{"epsilon", bad}});
    EXPECT_EQ(code_of(resolved), Code::OutOfRange) << to_string(bad);
    EXPECT_THAT(error_of(resolved), HasSubstr("[test_norm] attribute epsilon must be above 0, got"));
  }
  AttrSchema range = attribute("a", AttrType::Int);
  range.min = 1;
  range.max = 4;
  const auto code = [&](Attr value) { return code_of(resolve_attributes(with(range), {{"a", std::move(value)}})); };
  EXPECT_EQ(code(IntAttr{1}), Code::Ok);
  EXPECT_EQ(code(IntAttr{4}), Code::Ok);
  EXPECT_EQ(code(IntAttr{0}), Code::OutOfRange);
  EXPECT_EQ(code(IntAttr{5}), Code::OutOfRange);
  range.type = AttrType::Ints;
  EXPECT_EQ(code(IntsAttr{{1, 2, 4}}), Code::Ok);
  EXPECT_EQ(code(IntsAttr{{1, 2, 5}}), Code::OutOfRange);
  EXPECT_EQ(code(IntsAttr{}), Code::Ok);
  range.type = AttrType::Floats;
  EXPECT_EQ(code(FloatsAttr{{1.5, std::nan("")}}), Code::OutOfRange);
  range.type = AttrType::F64;
  range.max.reset();
  range.min.reset();
  range.below = 1.0;
  EXPECT_EQ(code(FloatAttr{1.0}), Code::OutOfRange);
  EXPECT_EQ(code(FloatAttr{std::nextafter(1.0, 0.0)}), Code::Ok);
  EXPECT_EQ(code(FloatAttr{std::nan("")}), Code::OutOfRange);
  range.below.reset();
  EXPECT_EQ(code(FloatAttr{std::nan("")}), Code::Ok);  // no bound, no objection
  // 2^53 + 1 is no double: rounded to one it would pass.
  range.type = AttrType::Int;
  range.max = 9007199254740992.0;
  EXPECT_EQ(code(IntAttr{9007199254740992}), Code::Ok);
  EXPECT_EQ(code(IntAttr{9007199254740993}), Code::OutOfRange);
}

TEST(Attributes, EveryAliasWorksOnceAndOnlyWhereItBelongs) {
  AttrSchema axes = attribute("axes", AttrType::Ints);
  axes.aliases = {"axis"};
  OpSchema reduce = with(axes);
  reduce.attributes.push_back(attribute("keepdims", AttrType::Bool, Attr(false)));
  reduce.attributes.push_back(attribute("permutation", AttrType::Ints));
  for (const char* spelling : {"axes", "axis", "dims", "dim"}) {
    const Result<Dict> resolved = resolve_attributes(reduce, {{spelling, Attr(IntAttr{1})}});
    ASSERT_TRUE(resolved.ok()) << spelling << ": " << error_of(resolved);
    EXPECT_EQ(get_ints(*resolved, "axes"), std::vector<std::int64_t>{1}) << spelling;
  }
  EXPECT_TRUE(get_bool(*resolve_attributes(reduce, {{"keepdim", Attr(true)}}), "keepdims"));
  EXPECT_EQ(get_ints(*resolve_attributes(reduce, {{"perm", Attr(IntsAttr{{1, 0}})}}), "permutation").size(), 2u);
  EXPECT_EQ(get_int(*resolve_attributes(norm_schema(), {{"dim", Attr(IntAttr{0})}}), "axis"), 0);
  EXPECT_EQ(get_float(*resolve_attributes(norm_schema(), {{"eps", Attr(std::string("1e-3"))}}), "epsilon"), 1e-3);

  const Result<Dict> twice = resolve_attributes(norm_schema(), {{"epsilon", Attr(FloatAttr{1})}, {"eps", Attr(FloatAttr{1})}});
  EXPECT_EQ(code_of(twice), Code::InvalidArgument);
  EXPECT_THAT(error_of(twice), HasSubstr("attribute epsilon is given twice, as epsilon and as eps"));
  // No epsilon, so no eps.
  EXPECT_THAT(error_of(resolve_attributes(reduce, {{"eps", Attr(FloatAttr{1})}})), HasSubstr("[op] has no attribute \"eps\""));
}

TEST(Attributes, AnUnknownOneIsAnErrorThatSuggestsTheNearest) {
  const Result<Dict> slip = resolve_attributes(norm_schema(), {{"epsilom", Attr(FloatAttr{1})}});
  EXPECT_EQ(code_of(slip), Code::InvalidArgument);
  EXPECT_THAT(error_of(slip), HasSubstr("did you mean epsilon?"));
  EXPECT_EQ(slip.error().where.operand, "epsilom");
  EXPECT_THAT(error_of(resolve_attributes(norm_schema(), {{"zzz", Attr(true)}})), HasSubstr("its attributes are epsilon, axis"));
  EXPECT_THAT(error_of(resolve_attributes(OpSchema{}, {{"zzz", Attr(true)}})), HasSubstr("it has no attributes"));
}

TEST(Attributes, ARequiredOneMustBeGiven) {
  AttrSchema k = attribute("k", AttrType::Int);
  k.optional = false;
  EXPECT_THAT(error_of(resolve_attributes(with(k), {})), HasSubstr("[op] attribute k is missing"));
  EXPECT_TRUE(resolve_attributes(with(k), {{"k", Attr(IntAttr{3})}}).ok());
}

TEST(Attributes, ExcludesCountsWhatTheUserGave) {
  EXPECT_TRUE(resolve_attributes(norm_schema(), {{"normalized_shape", Attr(IntsAttr{{4}})}}).ok());  // axis has a default: no conflict
  const Result<Dict> both = resolve_attributes(norm_schema(), {{"axis", Attr(IntAttr{-1})}, {"normalized_shape", Attr(IntsAttr{{4}})}});
  EXPECT_EQ(code_of(both), Code::InvalidArgument);
  EXPECT_THAT(error_of(both), HasSubstr("normalized_shape and axis exclude each other"));
  // What was resolved once resolves again to the same, with its defaults still marked as such.
  const Result<Dict> once = resolve_attributes(norm_schema(), {{"normalized_shape", Attr(IntsAttr{{4}})}});
  const Result<Dict> again = resolve_attributes(norm_schema(), *once);
  ASSERT_TRUE(again.ok()) << error_of(again);
  EXPECT_EQ(*once, *again);
  EXPECT_TRUE((*again)[0].defaulted);
}

TEST(Attributes, IntegersTakeNoFractionAndNoOverflow) {
  EXPECT_EQ(get_int(*give(AttrType::Int, std::string("-1")), "a"), -1);
  EXPECT_EQ(get_int(*give(AttrType::Int, std::string("9223372036854775807")), "a"), INT64_MAX);
  EXPECT_EQ(get_int(*give(AttrType::Int, IntAttr{INT64_MIN}), "a"), INT64_MIN);
  for (const Attr& bad : {Attr(FloatAttr{2}), Attr(FloatAttr{16777217}), Attr(std::string("1.5")), Attr(std::string("1.0")),
                          Attr(std::string("")), Attr(std::string("9223372036854775808")), Attr(true), Attr(IntsAttr{{1}})})
    EXPECT_THAT(error_of(give(AttrType::Int, bad)), HasSubstr("[op] attribute a must be int, got ")) << to_string(bad);
}

TEST(Attributes, ListsTakeOneValueOrText) {
  const auto ints = [](Attr value) {
    const Result<Dict> resolved = give(AttrType::Ints, std::move(value));
    return resolved.ok() ? dims_text(get_ints(*resolved, "a")) : error_of(resolved);
  };
  EXPECT_EQ(ints(IntsAttr{{3, -1}}), "[3,-1]");
  EXPECT_EQ(ints(IntAttr{3}), "[3]");
  EXPECT_EQ(ints(std::string("3")), "[3]");
  EXPECT_EQ(ints(std::string("3,-1")), "[3,-1]");
  EXPECT_EQ(ints(std::string(" [3, -1] ")), "[3,-1]");
  EXPECT_EQ(ints(std::string("[]")), "[]");
  EXPECT_EQ(ints(StringsAttr{{"3", "-1"}}), "[3,-1]");
  EXPECT_EQ(ints(FloatsAttr{}), "[]");  // a list without items has no kind
  for (const Attr& bad : {Attr(FloatsAttr{{1.0}}), Attr(FloatAttr{1}), Attr(std::string("1,")), Attr(std::string("1,2.5")),
                          Attr(std::string("[1")), Attr(BoolsAttr{{true}}), Attr(StringsAttr{{"x"}})})
    EXPECT_THAT(ints(bad), HasSubstr("must be ints, got")) << to_string(bad);

  const Result<Dict> floats = give(AttrType::Floats, std::string("1,0.5,.inf"));
  ASSERT_TRUE(floats.ok()) << error_of(floats);
  EXPECT_EQ(std::get<FloatsAttr>(*find(*floats, "a")).values, (std::vector<double>{1, 0.5, INFINITY}));
  EXPECT_EQ(std::get<FloatsAttr>(*find(*give(AttrType::Floats, IntsAttr{{1, 2}}), "a")).values, (std::vector<double>{1, 2}));
  EXPECT_FALSE(give(AttrType::Floats, std::string("x")).ok());
}

TEST(Attributes, BoolsStringsAndDtypes) {
  EXPECT_TRUE(get_bool(*give(AttrType::Bool, std::string("true")), "a"));
  EXPECT_FALSE(get_bool(*give(AttrType::Bool, false), "a", true));
  EXPECT_THAT(error_of(give(AttrType::Bool, std::string("yes"))), HasSubstr("give true or false"));
  EXPECT_FALSE(give(AttrType::Bool, IntAttr{1}).ok());

  EXPECT_EQ(get_string(*give(AttrType::String, std::string("1e-5")), "a"), "1e-5");
  EXPECT_FALSE(give(AttrType::String, IntAttr{1}).ok());
  AttrSchema layout = attribute("layout", AttrType::String, Attr(std::string("bnsh")));
  layout.one_of = {"bnsh", "bsnh"};
  const Result<Dict> wrong = resolve_attributes(with(layout), {{"layout", Attr(std::string("bnhs"))}});
  EXPECT_THAT(error_of(wrong), HasSubstr("attribute layout must be one of bnsh, bsnh, got \"bnhs\""));

  EXPECT_EQ(std::get<DType>(*find(*give(AttrType::DType, std::string("bf16")), "a")), DType::BF16);
  EXPECT_EQ(std::get<DType>(*find(*give(AttrType::DType, DType::I64), "a")), DType::I64);
  AttrSchema index = attribute("index", AttrType::DType, Attr(DType::I64));
  index.one_of = {"i64", "i32"};
  EXPECT_TRUE(resolve_attributes(with(index), {{"index", Attr(DType::I32)}}).ok());
  for (const Attr& bad : {Attr(DType::F32), Attr(std::string("f32"))})
    EXPECT_THAT(error_of(resolve_attributes(with(index), {{"index", bad}})), HasSubstr("attribute index must be one of i64, i32, got"));
  // An unknown dtype is an error that names it, never a silent f32.
  const Result<Dict> unknown = give(AttrType::DType, std::string("float33"));
  EXPECT_EQ(code_of(unknown), Code::InvalidArgument);
  EXPECT_THAT(error_of(unknown), HasSubstr("\"float33\""));
  EXPECT_THAT(error_of(unknown), HasSubstr("use one of: i1"));
  AttrSchema counter = attribute("dtype", AttrType::DType);
  counter.one_of = {"i32", "i64"};
  EXPECT_TRUE(resolve_attributes(with(counter), {{"dtype", Attr(DType::I32)}}).ok());
  EXPECT_THAT(error_of(resolve_attributes(with(counter), {{"dtype", Attr(DType::F32)}})),
              HasSubstr("attribute dtype must be one of i32, i64, got"));
}

}  // namespace
}  // namespace tenon
