// What runs where, and why: reports on a program.
#include <algorithm>

#include "core/base/json.h"
#include "core/pipeline/pipeline.h"

namespace tenon {
namespace {

void write_shapes(JsonWriter& json, const Plan& plan, const Step& step) {
  json.key("shapes").begin_array();
  for (std::uint32_t v : step.operands)
    if (v != kAbsentValue) json.value(to_string(plan.values[v].type));
  json.end_array();
  json.key("results").begin_array();
  for (std::uint32_t v : step.results)
    if (v != kAbsentValue) json.value(to_string(plan.values[v].type));
  json.end_array();
}

void write_step(JsonWriter& json, const Plan& plan, std::size_t index) {
  const Step& step = plan.steps[index];
  json.field("index", static_cast<std::uint64_t>(index)).field("node", step.node).field("op", step.op);
  std::string kernel = step.kind == Step::Kind::Copy    ? "copy"
                       : step.kind == Step::Kind::Check ? "check"
                                                        : "interpreter",
              plugin, level, note;
  if (step.kernel != nullptr) {
    const tenon_kernel& k = step.kernel->kernel();
    kernel.assign(k.name, k.name_length);
    plugin = step.kernel->provider().plugin_name();
    if (k.level != nullptr) level.assign(k.level, k.level_length);
    if (step.kernel->plan().note != nullptr) note.assign(step.kernel->plan().note, step.kernel->plan().note_length);
  }
  json.field("kernel", kernel).field("plugin", plugin).field("level", level);
  if (!note.empty()) json.field("note", note);
  const std::uint32_t first =
      !step.operands.empty() && step.operands.front() != kAbsentValue ? step.operands.front() : step.results.front();
  json.field("dtype", name(plan.values[first].type.dtype));
  write_shapes(json, plan, step);
  json.field("bytes", step.bytes).field("flops", step.flops);
}

// Threads are numbered: 0 called run, the others follow in the order in which they first worked.
void write_timeline(JsonWriter& json, const TimelineCopy& timeline) {
  const auto microseconds = [](std::int64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1e3; };
  std::vector<std::thread::id> threads{timeline.caller};
  for (const PartTimes::Part& part : timeline.parts)
    if (std::find(threads.begin(), threads.end(), part.thread) == threads.end()) threads.push_back(part.thread);
  json.key("timeline").begin_object();
  json.field("us", microseconds(timeline.nanoseconds)).field("threads", static_cast<std::uint64_t>(threads.size()));
  json.key("steps").begin_array();
  for (std::size_t i = 0; i < timeline.steps.size(); ++i) {
    json.begin_object().field("step", static_cast<std::uint64_t>(i));
    json.field("begin_us", microseconds(timeline.steps[i].begin)).field("end_us", microseconds(timeline.steps[i].end)).end_object();
  }
  json.end_array().key("parts").begin_array();
  for (const PartTimes::Part& part : timeline.parts) {
    const auto thread = std::find(threads.begin(), threads.end(), part.thread) - threads.begin();
    json.begin_object().field("step", part.step).field("thread", static_cast<std::int64_t>(thread));
    json.field("begin_us", microseconds(part.begin)).field("end_us", microseconds(part.end)).end_object();
  }
  json.end_array().field("parts_left_out", static_cast<std::uint64_t>(timeline.parts_left_out)).end_object();
}

}  // namespace

std::string run_report_json(const Program& program) {
  const Plan& plan = program.plan();
  JsonWriter json;
  json.begin_object().field("tenon", TENON_VERSION_TEXT).field("arch", plan.level);
  json.field("threads", static_cast<std::int64_t>(program.environment().machine.threads));
  json.key("steps").begin_array();
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    json.begin_object();
    write_step(json, plan, i);
    json.end_object();
  }
  json.end_array();
  json.key("memory").begin_object();
  json.field("workspace_bytes", static_cast<std::uint64_t>(plan.workspace_bytes));
  json.field("unshared_bytes", static_cast<std::uint64_t>(plan.unshared_bytes));
  json.field("peak_bytes", static_cast<std::uint64_t>(program.peak_bytes()));
  json.end_object();
  json.key("outputs").begin_array();
  for (const NamedType& output : plan.outputs) {
    json.begin_object().field("name", output.name).field("dtype", name(output.type.dtype));
    json.key("shape").begin_array();
    for (std::int64_t size : output.type.dims) json.value(size);
    json.end_array().end_object();
  }
  json.end_array();
  if (const std::optional<TimelineCopy> timeline = program.timeline()) write_timeline(json, *timeline);
  json.end_object();
  return json.take();
}

std::string explain_json(const Program& program) {
  const Plan& plan = program.plan();
  JsonWriter json;
  json.begin_object().field("tenon", TENON_VERSION_TEXT).field("level", plan.level);
  json.key("levels").begin_array();
  for (const std::string& level : program.environment().machine.levels) json.value(level);
  json.end_array();
  json.key("steps").begin_array();
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    json.begin_object();
    write_step(json, plan, i);
    json.key("operator");
    if (plan.steps[i].decision == kNoDecision)
      json.null();
    else
      json.value(static_cast<std::int64_t>(plan.steps[i].decision));
    json.end_object();
  }
  json.end_array();
  json.key("operators").begin_array();
  for (const OperatorDecision& decision : plan.operators) {
    json.begin_object().field("node", decision.node).field("op", decision.op);
    json.key("candidates").begin_array();
    for (const Candidate& c : decision.candidates) {
      json.begin_object().field("kernel", c.kernel).field("plugin", c.plugin).field("level", c.level);
      json.field("priority", c.priority).field("chosen", c.chosen).field("reason", c.reason).field("advice", c.advice).end_object();
    }
    json.end_array().end_object();
  }
  json.end_array().end_object();
  return json.take();
}

std::string decisions_json(std::span<const CarrierDecision> decisions) {
  JsonWriter json;
  json.begin_object().field("tenon", TENON_VERSION_TEXT).key("decisions").begin_array();
  for (const CarrierDecision& d : decisions)
    json.begin_object().field("node", d.node).field("op", d.op).field("form", d.form).field("reason", d.reason).end_object();
  json.end_array().end_object();
  return json.take();
}

}  // namespace tenon
