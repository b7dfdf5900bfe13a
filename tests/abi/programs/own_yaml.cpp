// A program that has a class YAML::Parser of its own, and uses Tenon. Hidden (-fvisibility=hidden, as a program should compile what is its
// own), the two do not meet; exported, the program's comes before the library's for libtenon too, and Tenon has to say so.
//
//   own_yaml FOLDER    (compiled with OWN_YAML_EXPORTED: the second)
#include <cstdio>
#include <cstring>
#include <istream>
#include <sstream>

#include "tenon/tenon.h"

#if defined(OWN_YAML_EXPORTED)
#define OWN __attribute__((visibility("default")))
#else
#define OWN __attribute__((visibility("hidden")))
#endif

namespace YAML {
class EventHandler;
class OWN Parser {
 public:
  explicit Parser(std::istream& in);
  ~Parser();
  bool HandleNextDocument(EventHandler& handler);

 private:
  std::istream& in_;
  int documents_ = 0;
};
namespace {
int parsers = 0;
}
Parser::Parser(std::istream& in) : in_(in) { ++parsers; }
Parser::~Parser() = default;
bool Parser::HandleNextDocument(EventHandler&) { return in_.good() && documents_++ < 0; }
}  // namespace YAML

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  std::istringstream text("a: 1\n");
  {
    YAML::Parser own(text);  // the program's own use of its own class
    if (YAML::parsers != 1) return 1;
  }
  tenon_context_options options = TENON_CONTEXT_OPTIONS_INIT;
  options.flags = TENON_CONTEXT_NO_ENV | TENON_CONTEXT_NO_USER_DIR | TENON_CONTEXT_NO_SYSTEM_DIR;
  tenon_context* context = nullptr;
  tenon_error* error = nullptr;
  tenon_blob* blob = nullptr;
  if (tenon_context_create(&options, &context, &error) != TENON_OK) return 1;
  if (tenon_context_add_plugin_path(context, argv[1], TENON_NUL_TERMINATED, &error) != TENON_OK) return 1;
  if (tenon_plugins_json(context, &blob, &error) != TENON_OK) return 1;
  const bool found = std::strstr(tenon_blob_get_data(blob, nullptr), "\"tests.travel-c\"") != nullptr;
  const bool told = std::strstr(tenon_blob_get_data(blob, nullptr), "yaml-cpp") != nullptr;
  tenon_blob_release(blob);
  tenon_context_destroy(context);
  std::printf("own_yaml: plugin %s, %s, %d parsers of the program's class\n", found ? "found" : "not found",
              told ? "said why" : "nothing said", YAML::parsers);
#if defined(OWN_YAML_EXPORTED)
  return told ? 0 : 1;
#else
  return found && YAML::parsers == 1 ? 0 : 1;
#endif
}
