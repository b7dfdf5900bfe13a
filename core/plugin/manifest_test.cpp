// A tour of manifests: a complete one with every key, then one rule after the other, broken.
#include "core/plugin/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/sha256.h"

namespace tenon {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const char* const kHead = R"(schema: 1
name: org.example.norm
version: "1.10"
kind: operators
namespace: example
license: Apache-2.0
api: {major: 1, min_minor: 0, built_minor: 3}
arch: x86_64
library: example-norm.so
levels: [sse2, avx2]
requires: {glibc: "2.31", libs: [libm.so.6]}
runtime: rust
threads: concurrent
fp: {ftz: true}
priority: 700
sha256: {example-norm.so: "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff"}
x-vendor: {team: [a, b]}
)";

const char* const kOps = R"(ops:
- name: wave_fold
  version: 2
  summary: Folds a wave.
  aliases: [folding]
  operands:
  - {name: input, type: float}
  - {name: scale, like: input, optional: true, shape: [D]}
  - {name: index, type: [i32, i64], optional: true, values: {index_of: input, axis: axis}}
  - {name: rest, type: any, variadic: true, shape: broadcast}
  results:
  - {name: output, like: input}
  - {name: sum, type: [f32], when: scale}
  attributes:
    epsilon: {type: f64, default: "1e-6", above: "0"}
    axis: {type: int, default: -1, min: -4, max: 4, aliases: [dimension]}
    shape: {type: ints, default: ~, excludes: [axis]}
    mode: {type: string, one_of: [fast, exact], default: exact}
    out: {type: dtype, optional: true, one_of: [f16, f32]}
    weights: {type: floats, default: [1, 0.5]}
    flag: {type: bool}
  dtypes: [f16, f32]
  kernels: [{name: wave_fold, dtypes: [f32]}, {name: wave_fold_16}]
  numerics: {determinism: bitwise, max_ulp: 2, max_ulp_16: 1, max_error: 1e-6, scale: input, reference: f64}
  targets:
    litert:
      composite: odml.wave_fold
      version: 3
      attributes: {epsilon: {from: epsilon, type: f32, omit: 0.5}, kind: {value: "x"}, sizes: {value: [1, 2], list: bracket}}
      when: {rank: [2, 4], dtypes: [f16, f32], absent: [shape], present: [scale], constant: [scale], equals: {axis: "-1", flag: false}}
    xla: {custom_call: my_norm, api_version: 4, config: dictionary}
    plain: {inline: true}
- kernels_for: {op: tenon.half_wave, version: 1}
  kernels: [{name: fast_half, dtypes: [f32]}]
)";

Manifest parsed(const std::string& text) {
  Result<Manifest> manifest = parse_manifest(text, "m.tenon.yaml");
  if (!manifest.ok()) {
    ADD_FAILURE() << to_string(manifest.error());
    return {};
  }
  return *std::move(manifest);
}

TEST(Manifest, HeadIsRead) {
  const Manifest m = parsed(std::string(kHead) + kOps);
  EXPECT_EQ(m.name, "org.example.norm");
  EXPECT_EQ(m.version, "1.10");
  EXPECT_EQ(m.kind, "operators");
  EXPECT_EQ(m.op_namespace, "example");
  EXPECT_EQ(m.license, "Apache-2.0");
  EXPECT_EQ(m.api.major, 1u);
  EXPECT_EQ(m.api.built_minor, 3u);
  EXPECT_EQ(m.arch, "x86_64");
  ASSERT_EQ(m.variants.size(), 1u);
  EXPECT_EQ(m.variants[0].library, "example-norm.so");
  EXPECT_THAT(m.variants[0].cpu, IsEmpty());
  EXPECT_THAT(m.levels, ElementsAre("sse2", "avx2"));
  EXPECT_EQ(m.glibc, "2.31");
  EXPECT_THAT(m.libs, ElementsAre("libm.so.6"));
  EXPECT_EQ(m.runtime, "rust");
  EXPECT_TRUE(m.concurrent);
  EXPECT_TRUE(m.ftz);
  EXPECT_EQ(m.priority, 700);
  ASSERT_EQ(m.sha256.size(), 1u);
  EXPECT_EQ(m.sha256.at("example-norm.so")[1], 0x01);
  EXPECT_EQ(m.sha256.at("example-norm.so")[31], 0xff);
  ASSERT_EQ(m.extensions.size(), 1u);
  EXPECT_EQ(m.extensions[0].first, "x-vendor");
  EXPECT_EQ(m.extensions[0].second, "{team: [a, b]}");
  EXPECT_THAT(m.warnings, IsEmpty());
}

TEST(Manifest, DigestCoversTheBodyAlone) {
  const Manifest m = parsed(std::string(kHead) + kOps);
  EXPECT_EQ(m.body_digest, sha256(std::as_bytes(std::span(std::string_view(kOps)))));
  const Manifest other_head = parsed(std::string("# a comment\n") + kHead + kOps);
  EXPECT_EQ(other_head.body_digest, m.body_digest);
  const Manifest other_body = parsed(std::string(kHead) + kOps + "# a comment\n");
  EXPECT_NE(other_body.body_digest, m.body_digest);
}

TEST(Manifest, DefaultsOfTheHead) {
  const Manifest m = parsed(
      "schema: 1\nname: a.b\nversion: \"1\"\nkind: operators\nnamespace: a\napi: {major: 1, min_minor: 0, built_minor: 0}\n"
      "arch: x86_64\nvariants: [{library: a-v3.so, cpu: [avx2, fma]}, {library: a.so}]\nops:\n- {name: f, results: [{name: y, type: "
      "f32}]}\n");
  EXPECT_EQ(m.runtime, "none");
  EXPECT_FALSE(m.concurrent);
  EXPECT_FALSE(m.ftz);
  EXPECT_EQ(m.priority, 500);
  ASSERT_EQ(m.variants.size(), 2u);
  EXPECT_THAT(m.variants[0].cpu, ElementsAre("avx2", "fma"));
}

TEST(Manifest, StaticPluginsNeedNoLibrary) {
  const std::string text =
      "schema: 1\nname: a.b\nversion: \"1\"\nkind: operators\nnamespace: a\napi: {major: 1, min_minor: 0, built_minor: 0}\n"
      "ops:\n- {name: f, results: [{name: y, type: f32}]}\n";
  EXPECT_FALSE(parse_manifest(text, "m").ok());
  const Result<Manifest> manifest = parse_manifest(text, "static", ManifestUse::Static);
  ASSERT_TRUE(manifest.ok()) << to_string(manifest.error());
  EXPECT_THAT(manifest->variants, IsEmpty());
}

TEST(Manifest, ImportersListFormats) {
  const std::string text =
      "schema: 1\nname: a.b\nversion: \"1\"\nkind: importer\napi: {major: 1, min_minor: 0, built_minor: 0}\narch: x86_64\nlibrary: a.so\n"
      "formats:\n- {name: onnx, extensions: [.onnx], summary: ONNX models}\n";
  const Manifest m = parsed(text);
  ASSERT_EQ(m.formats.size(), 1u);
  EXPECT_EQ(m.formats[0].name, "onnx");
  EXPECT_THAT(m.formats[0].extensions, ElementsAre(".onnx"));
}

TEST(Manifest, OperatorSchemaIsRead) {
  const Manifest m = parsed(std::string(kHead) + kOps);
  ASSERT_EQ(m.ops.size(), 2u);
  const OpSchema& op = m.ops[0];
  EXPECT_EQ(op.full_name(), "example.wave_fold");
  EXPECT_EQ(op.version, 2u);
  EXPECT_EQ(op.line, 19);
  EXPECT_THAT(op.aliases, ElementsAre("folding"));
  ASSERT_EQ(op.operands.size(), 4u);
  EXPECT_THAT(op.operands[0].dtypes, ElementsAre(DType::F16, DType::BF16, DType::F32, DType::F64));
  EXPECT_EQ(op.operands[0].type_text, "float");
  EXPECT_EQ(op.operands[1].like, "input");
  EXPECT_EQ(op.operands[1].dtypes, op.operands[0].dtypes);
  EXPECT_TRUE(op.operands[1].optional);
  EXPECT_THAT(op.operands[1].shape, ElementsAre("D"));
  EXPECT_EQ(op.operands[2].index_of, "input");
  EXPECT_EQ(op.operands[2].index_axis, "axis");
  EXPECT_EQ(op.operands[2].type_text, "[i32, i64]");
  EXPECT_TRUE(op.operands[3].variadic);
  EXPECT_TRUE(op.operands[3].broadcast);
  EXPECT_EQ(op.operands[3].dtypes.size(), 13u);  // i1, 8 integers, 4 floats
  ASSERT_EQ(op.results.size(), 2u);
  EXPECT_EQ(op.results[0].like, "input");
  EXPECT_THAT(op.results[1].dtypes, ElementsAre(DType::F32));
  EXPECT_EQ(op.results[1].when, "scale");
  EXPECT_THAT(op.dtypes, ElementsAre(DType::F16, DType::F32));
  ASSERT_EQ(op.kernels.size(), 2u);
  EXPECT_EQ(op.kernels[1].name, "wave_fold_16");
  EXPECT_EQ(op.numerics.determinism, "bitwise");
  EXPECT_EQ(op.numerics.max_ulp, 2.0);
  EXPECT_EQ(op.numerics.max_ulp_16, 1.0);
  EXPECT_EQ(op.numerics.max_error, 1e-6);
  EXPECT_EQ(op.numerics.scale, "input");
  EXPECT_EQ(op.numerics.reference, "f64");
  EXPECT_EQ(m.ops[1].kernels_for, "tenon.half_wave");
  EXPECT_EQ(m.ops[1].full_name(), "tenon.half_wave");
  EXPECT_EQ(m.ops[1].kernels[0].name, "fast_half");
}

TEST(Manifest, AttributesHaveTypesDefaultsAndBounds) {
  const Manifest m = parsed(std::string(kHead) + kOps);
  const OpSchema& op = m.ops[0];
  const AttrSchema* epsilon = op.attribute("epsilon");
  ASSERT_NE(epsilon, nullptr);
  EXPECT_EQ(epsilon->type, AttrType::F64);
  EXPECT_EQ(std::get<FloatAttr>(*epsilon->fallback).value, 1e-6);
  EXPECT_EQ(epsilon->above, 0.0);
  const AttrSchema* axis = op.attribute("axis");
  EXPECT_EQ(std::get<IntAttr>(*axis->fallback).value, -1);
  EXPECT_EQ(axis->min, -4.0);
  EXPECT_EQ(axis->max, 4.0);
  EXPECT_EQ(op.attribute_or_alias("dimension"), axis);
  EXPECT_TRUE(op.attribute("shape")->optional);
  EXPECT_FALSE(op.attribute("shape")->fallback.has_value());
  EXPECT_THAT(op.attribute("shape")->excludes, ElementsAre("axis"));
  EXPECT_THAT(op.attribute("mode")->one_of, ElementsAre("fast", "exact"));
  EXPECT_TRUE(op.attribute("out")->optional);
  EXPECT_THAT(std::get<FloatsAttr>(*op.attribute("weights")->fallback).values, ElementsAre(1.0, 0.5));
  EXPECT_FALSE(op.attribute("flag")->optional);
  EXPECT_FALSE(op.attribute("flag")->fallback.has_value());
}

TEST(Manifest, TargetsAreRead) {
  const Manifest m = parsed(std::string(kHead) + kOps);
  const CarrierForm* litert = m.ops[0].target("litert");
  ASSERT_NE(litert, nullptr);
  EXPECT_EQ(litert->kind, CarrierForm::Kind::Composite);
  EXPECT_EQ(litert->name, "odml.wave_fold");
  EXPECT_EQ(litert->version, 3);
  EXPECT_FALSE(litert->all_attributes);
  ASSERT_EQ(litert->attributes.size(), 3u);
  EXPECT_EQ(litert->attributes[0].from, "epsilon");
  EXPECT_EQ(litert->attributes[0].type, "f32");
  EXPECT_EQ(std::get<std::string>(*litert->attributes[1].value), "x");
  EXPECT_EQ(litert->attributes[2].list, ListStyle::Bracket);
  EXPECT_EQ(litert->min_rank, 2);
  EXPECT_EQ(litert->max_rank, 4);
  EXPECT_THAT(litert->dtypes, ElementsAre(DType::F16, DType::F32));
  EXPECT_THAT(litert->absent, ElementsAre("shape"));
  EXPECT_THAT(litert->constant, ElementsAre("scale"));
  ASSERT_EQ(litert->equals.size(), 2u);
  EXPECT_EQ(std::get<IntAttr>(litert->equals[0].value).value, -1);
  EXPECT_EQ(std::get<bool>(litert->equals[1].value), false);
  const CarrierForm* xla = m.ops[0].target("xla");
  EXPECT_EQ(xla->kind, CarrierForm::Kind::CustomCall);
  EXPECT_TRUE(xla->all_attributes);
  EXPECT_EQ(xla->api_version, 4);
  EXPECT_EQ(xla->config, "dictionary");
  EXPECT_EQ(m.ops[0].target("plain")->kind, CarrierForm::Kind::Inline);
}

TEST(Manifest, UnknownKeysOfANewerFileAreWarnings) {
  const std::string unknown = std::string("colour: red\n") + kHead + kOps;
  EXPECT_FALSE(parse_manifest(unknown, "m").ok());
  const Manifest m = parsed("schema_minor: 1\n" + unknown);
  ASSERT_EQ(m.warnings.size(), 1u);
  EXPECT_THAT(m.warnings[0], HasSubstr("m.tenon.yaml:2:1"));
  EXPECT_THAT(m.warnings[0], HasSubstr("colour"));
}

// What is wrong, once replaced in the good manifest; where the error points, and what it says.
struct Wrong {
  const char* from;
  const char* to;
  int line;
  const char* message;
};

class ManifestRules : public ::testing::TestWithParam<Wrong> {};

TEST_P(ManifestRules, AreEnforcedWithAPlace) {
  std::string text = std::string(kHead) + kOps;
  const std::size_t at = text.find(GetParam().from);
  ASSERT_NE(at, std::string::npos) << GetParam().from;
  text.replace(at, std::string_view(GetParam().from).size(), GetParam().to);
  const Result<Manifest> manifest = parse_manifest(text, "m.tenon.yaml");
  ASSERT_FALSE(manifest.ok()) << GetParam().to;
  EXPECT_EQ(manifest.error().code, Code::ManifestInvalid);
  EXPECT_EQ(manifest.error().raw_code, TENON_MANIFEST_INVALID);
  EXPECT_EQ(manifest.error().where.file, "m.tenon.yaml");
  EXPECT_EQ(manifest.error().where.line, GetParam().line) << to_string(manifest.error());
  EXPECT_GT(manifest.error().where.column, 0);
  EXPECT_THAT(manifest.error().message, HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Head, ManifestRules,
    ::testing::Values(Wrong{"schema: 1", "schema: 2", 1, "schema 2 is not known"}, Wrong{"schema: 1\n", "", 1, "no \"schema\""},
                      Wrong{"org.example.norm", "Org", 2, "name must be"}, Wrong{"org.example.norm", "a/b", 2, "name must be"},
                      Wrong{"\"1.10\"", "1.10", 3, "must be in quotes"}, Wrong{"\"1.10\"", "\"\"", 3, "version must be"},
                      Wrong{"kind: operators", "kind: kernels", 4, "operators or importer"},
                      Wrong{"namespace: example", "namespace: Example", 5, "namespace must be"},
                      Wrong{"namespace: example\n", "", 1, "no \"namespace\""}, Wrong{"built_minor: 3", "built_minor: -1", 7, "from 0 to"},
                      Wrong{"min_minor: 0", "min_minor: 4", 7, "below min_minor"}, Wrong{"major: 1, ", "", 7, "no \"major\""},
                      Wrong{"arch: x86_64\n", "", 1, "no \"arch\""}, Wrong{"library: example-norm.so\n", "", 1, "names no library"},
                      Wrong{"library: example-norm.so", "library: ../evil.so", 9, "bare file name"},
                      Wrong{"library: example-norm.so", "library: a/b.so", 9, "bare file name"},
                      Wrong{"library: example-norm.so", "library: norm.dll", 9, "bare file name"},
                      Wrong{"library: example-norm.so", "library: ~", 9, "must be a text"},
                      Wrong{"library: example-norm.so", "library: a.so\nvariants: [{library: b.so}]", 10, "exclude each other"},
                      Wrong{"library: example-norm.so", "variants: []", 9, "1 to 16"},
                      Wrong{"library: example-norm.so", "variants: [{library: b.so}, {library: b.so}]", 9, "twice"},
                      Wrong{"glibc: \"2.31\"", "glibc: 2.31", 11, "quoted version"}, Wrong{"libm.so.6", "/lib/libm.so.6", 11, "file names"},
                      Wrong{"runtime: rust", "runtime: \"C++ 20\"", 12, "runtime must be"},
                      Wrong{"threads: concurrent", "threads: many", 13, "serial or concurrent"},
                      Wrong{"ftz: true", "ftz: yes", 14, "true or false"}, Wrong{"priority: 700", "priority: 1000", 15, "from 0 to 999"},
                      Wrong{"{example-norm.so: \"00", "{other.so: \"00", 16, "not a library"},
                      Wrong{"1d1eff", "1d1e", 16, "64 hexadecimal"}, Wrong{"1d1eff", "1d1exx", 16, "64 hexadecimal"},
                      Wrong{"license:", "licence:", 6, "unknown key \"licence\""},
                      Wrong{"priority: 700", "priority: 700\nname: again", 16, "name"},
                      Wrong{"x-vendor: {team: [a, b]}\n", "x-vendor: &a 1\n", 17, "anchor"}));

INSTANTIATE_TEST_SUITE_P(
    Body, ManifestRules,
    ::testing::Values(
        Wrong{"ops:\n", "ops: []\nx-more:\n", 18, "last key"}, Wrong{"- name: wave_fold\n", "- name: WaveFold\n", 19, "small letters"},
        Wrong{"version: 2", "version: 0", 19, "from 1 on"},
        Wrong{"aliases: [folding]", "aliases: [WaveFold]", 19, "differs from another name"},
        Wrong{"- {name: input, type: float}", "- {name: input}", 24, "either type or like"},
        Wrong{"- {name: input, type: float}", "- {name: input, type: f31}", 24, "unknown dtype \"f31\""},
        Wrong{"- {name: input, type: float}", "- {name: input, type: [f32, float]}", 24, "f32 twice"},
        Wrong{"like: input, optional: true, shape", "like: rest, optional: true, shape", 25, "no operand before it"},
        Wrong{"shape: [D]", "shape: [D, ...]", 25, "comes first"}, Wrong{"shape: [D]", "shape: all", 25, "shape must be"},
        Wrong{"name: scale", "name: input", 25, "twice"}, Wrong{"index_of: input", "index_of: data", 19, "no other operand"},
        Wrong{"axis: axis}", "axis: epsilon}", 19, "no int attribute"},
        Wrong{"variadic: true", "variadic: true, optional: true", 27, "optional and variadic"},
        Wrong{"{name: output, like: input}", "{name: output, like: nothing}", 29, "is no operand"},
        Wrong{"when: scale", "when: nothing", 30, "neither operand nor attribute"},
        Wrong{"when: scale", "when: scale, variadic: true", 30, "cannot be variadic and depend on scale"},
        Wrong{"{name: output, like: input}", "{name: output, like: input, variadic: true}", 30, "follows a variadic one"},
        Wrong{"type: f64, default", "type: f32, default", 32, "unknown type"},
        Wrong{"default: \"1e-6\"", "default: \"0\"", 32, "must be above 0"}, Wrong{"default: \"1e-6\"", "default: x", 32, "epsilon"},
        Wrong{"min: -4, max: 4", "min: 4, max: -4", 33, "within its bounds"}, Wrong{"min: -4", "min: -4, above: 2", 33, "two bounds"},
        Wrong{"aliases: [dimension]", "aliases: [mode]", 33, "taken by mode"},
        Wrong{"excludes: [axis]", "excludes: [axes]", 34, "no other attribute"},
        Wrong{"default: exact}", "default: slow}", 35, "one of fast, exact"},
        Wrong{"one_of: [f16, f32]", "one_of: [f16, f31]", 36, "unknown dtype f31"},
        Wrong{"flag: {type: bool}", "flag: {type: bool, min: 1}", 38, "for numbers"},
        Wrong{"flag: {type: bool}", "scale: {type: bool}", 38, "operand and an attribute"},
        Wrong{"dtypes: [f16, f32]\n", "dtypes: [i32]\n", 39, "excludes"}, Wrong{"{name: wave_fold_16}", "{name: wave_fold}", 40, "twice"},
        Wrong{"determinism: bitwise", "determinism: exact", 41, "bitwise, run-to-run or none"},
        Wrong{"max_ulp: 2", "max_ulp: -2", 41, "from 0 on"}, Wrong{"max_error: 1e-6", "max_error: 1", 41, "above 0 and below 1"},
        Wrong{"scale: input, reference", "reference", 41, "belong together"},
        Wrong{"scale: input,", "scale: nothing,", 41, "is no operand"},
        Wrong{"composite: odml.wave_fold", "composit: odml.wave_fold", 44, "exactly one of"},
        Wrong{"from: epsilon, type: f32", "from: epsilan, type: f32", 46, "no attribute epsilan"},
        Wrong{"{value: \"x\"}", "{value: \"x\", from: axis}", 46, "either from or value"},
        Wrong{"list: bracket", "list: round", 46, "dense, array or bracket"}, Wrong{"rank: [2, 4]", "rank: [4, 2]", 47, "rank must lie"},
        Wrong{"present: [scale]", "present: [scales]", 47, "neither an operand"},
        Wrong{"constant: [scale]", "constant: [axis]", 47, "no operand axis"}, Wrong{"axis: \"-1\"", "axis: left", 47, "axis"},
        Wrong{"api_version: 4", "api_version: 9", 48, "from 0 to 4"}, Wrong{"config: dictionary", "config: json", 48, "config must be"},
        Wrong{"{inline: true}", "{inline: true, version: 1}", 49, "unknown key"},
        Wrong{"tenon.half_wave", "half_wave", 50, "with its namespace"},
        Wrong{"  kernels: [{name: fast_half, dtypes: [f32]}]", "  kernels: []", 51, "lists no kernel"},
        Wrong{"  kernels: [{name: fast_half, dtypes: [f32]}]", "  kernels: [{name: f}]\n  results: []", 52, "unknown key \"results\""},
        Wrong{"  version: 2\n", "  version: 2\n  infer: guess\n", 21, "unknown rule"},
        Wrong{"  version: 2\n", "  infer: same\n", 20, "exactly one result"}));

TEST(Manifest, StockRulesAskForWhatTheyUse) {
  const std::string reduce =
      "ops:\n- name: total\n  operands: [{name: x, type: float}]\n  results: [{name: y, like: x}]\n  infer: reduce\n";
  EXPECT_THAT(parse_manifest(kHead + reduce, "m").error().message, HasSubstr("axes (ints) and keepdims (bool)"));
  const std::string with = reduce + "  attributes: {axes: {type: ints, default: []}, keepdims: {type: bool, default: false}}\n";
  EXPECT_EQ(parsed(kHead + with).ops[0].infer, StockInfer::Reduce);
}

TEST(Manifest, NamesAreUniqueWithoutCaseAndUnderscores) {
  const std::string one = "- {name: half_wave, results: [{name: y, type: f32}]}\n";
  const std::string two = "- {name: halfwave, results: [{name: y, type: f32}]}\n";
  EXPECT_THAT(parse_manifest(std::string(kHead) + "ops:\n" + one + two, "m").error().message, HasSubstr("taken by half_wave"));
}

TEST(Manifest, TooManyOperatorsAreRefused) {
  std::string text = std::string(kHead) + "ops:\n";
  for (int i = 0; i < 513; ++i) text += "- {name: f" + std::to_string(i) + ", results: [{name: y, type: f32}]}\n";
  EXPECT_THAT(parse_manifest(text, "m").error().message, HasSubstr("at most 512"));
}

TEST(Manifest, EveryPrefixIsRefusedOrRight) {
  const std::string text = std::string(kHead) + kOps;
  for (std::size_t length = 0; length < text.size(); length += 7) {
    const Result<Manifest> manifest = parse_manifest(text.substr(0, length), "m");
    if (!manifest.ok()) {
      EXPECT_EQ(manifest.error().code, Code::ManifestInvalid) << length;
    }
  }
}

TEST(Manifest, FileNamesAreStrict) {
  EXPECT_TRUE(is_library_name("libexample-norm_2.1+b.so"));
  for (const char* bad : {"", ".so", "a", "a.so.1", "a/b.so", "a..so", "a b.so", "ä.so"}) EXPECT_FALSE(is_library_name(bad)) << bad;
  EXPECT_TRUE(is_library_name(std::string(125, 'a') + ".so"));
  EXPECT_FALSE(is_library_name(std::string(126, 'a') + ".so"));
  EXPECT_TRUE(is_plugin_name("a.b"));
  for (const char* bad : {"", "ab", "A.b", "a_b", "a b"}) EXPECT_FALSE(is_plugin_name(bad)) << bad;
}

TEST(ManifestAll, EveryProblemIsToldWithItsLine) {
  std::vector<Error> problems;
  const std::string text = R"(schema: 1
name: Org
version: 1.0
kind: operators
namespace: example
api: {major: 1, min_minor: 2, built_minor: 1}
arch: x86_64
library: a/b.so
threads: many
priority: high
extra: 1
ops:
- name: Bad
  results: [{name: r, type: f32}]
- name: good
  operands: [{name: a, typ: f32}, {name: b, like: a}, {name: c, type: f31}]
  results: [{name: r, type: f32}]
- name: last
  results: [{name: r, type: f32}, {name: r, type: f32}]
  infer: other
)";
  (void)parse_manifest_all(text, "m.tenon.yaml", problems);
  std::vector<int> lines;
  for (const Error& problem : problems) {
    EXPECT_EQ(problem.code, Code::ManifestInvalid) << problem.message;
    lines.push_back(problem.where.line);
  }
  EXPECT_THAT(lines, ElementsAre(2, 3, 6, 8, 9, 10, 11, 13, 16, 16, 19, 20));
  // The first is what a reader that stops says.
  const Result<Manifest> first = parse_manifest(text, "m.tenon.yaml");
  ASSERT_FALSE(first.ok());
  EXPECT_EQ(first.error().message, problems.front().message);
}

TEST(ManifestAll, AGoodOneHasNone) {
  std::vector<Error> problems;
  const Manifest all = parse_manifest_all(std::string(kHead) + kOps, "m.tenon.yaml", problems);
  EXPECT_THAT(problems, IsEmpty());
  const Result<Manifest> one = parse_manifest(std::string(kHead) + kOps, "m.tenon.yaml");
  ASSERT_TRUE(one.ok());
  EXPECT_EQ(all.body_digest, one->body_digest);
  EXPECT_EQ(all.ops.size(), one->ops.size());
}

}  // namespace
}  // namespace tenon
