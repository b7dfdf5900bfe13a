// How `tenon plugins` shows a plugin, and where was searched.
#pragma once

#include <string>

#include "errors.h"
#include "terminal.h"

namespace tenon::cli {

// A plugin that was refused or put aside. Shadowed and denied ones are as someone wanted.
bool is_bad(const Json& plugin);
Style style_of(const Json& plugin);
std::string state_text(const Json& plugin);

// NAME: STATE(CODE): message, place, advice.
std::string complaint(const Json& plugin, bool colour);
// What the loader has to say that is no error: of plugins that are well, and of the search as a whole.
std::string remarks(const Json& report);

// The folders in their order, searched or not: tier, path, and a note with the number of plugins, or why not.
Json searched_rows(const Json& report);
std::string searched_table(const Json& report, bool colour);

// Every field of an object as a row of a table of two columns; lists of objects are left out.
void add_rows(Table& table, const Json& object);

}  // namespace tenon::cli
