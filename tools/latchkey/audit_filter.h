#ifndef LATCHKEY_TOOLS_LATCHKEY_AUDIT_FILTER_H_
#define LATCHKEY_TOOLS_LATCHKEY_AUDIT_FILTER_H_

#include <string>
#include <vector>

#include "latchkey/v1/audit_service.pb.h"
#include "tools/latchkey/command.h"

namespace latchkey::cli {

// Which events a command of `audit` wants.
struct FilterArgs {
  std::string workspace;
  std::string organization;
  std::string app;
  std::string token;
  std::vector<v1::Action> actions;
  std::vector<std::string> action_prefixes;
  std::vector<v1::Outcome> outcomes;
  std::string actor;
  std::string resource;
};

void DeclareFilter(Syntax& syntax, FilterArgs& args);
v1::EventFilter MakeFilter(const FilterArgs& args);

}  // namespace latchkey::cli

#endif  // LATCHKEY_TOOLS_LATCHKEY_AUDIT_FILTER_H_
