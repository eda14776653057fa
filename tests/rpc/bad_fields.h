#ifndef LATCHKEY_TESTS_RPC_BAD_FIELDS_H_
#define LATCHKEY_TESTS_RPC_BAD_FIELDS_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace latchkey::testing {

// Bad requests, derived from good ones by the descriptors of their fields.

// What is wrong with a field.
enum class Flaw {
  kEmpty,         // it is missing, and needed
  kMalformed,     // no UTF-8, or not of its form
  kOversized,     // beyond its bytes or its count
  kWrongType,     // the name of a resource of another type
  kUnknownValue,  // a number that its enum does not have
  kOutOfRange,    // a number, time or duration that is too small or too great
  kOtherTenant,   // a name that belongs to another tenant
};
const char* NameOf(Flaw flaw);

// A request that is good but for one field.
struct BadField {
  std::string path;  // "workspace.settings.idle_limits.limit": without indices
  Flaw flaw = Flaw::kMalformed;
  std::string what;      // what is wrong with the value, for people
  bool is_name = false;  // whether the field names a resource
  std::string bytes;     // the request
  std::string bound;     // what a violation's description must hold; empty: anything
  // Of kOtherTenant: what it names, a name of the same tenant that nothing has, and the request
  // with that one.
  std::string theirs;
  std::string absent;
  std::string absent_bytes;
};

// The names of one type of resource that there are to try.
struct Names {
  std::string ours;
  std::string theirs;  // empty: no tenant has any
  std::string absent;  // lies in the other tenant, and is not there
};
// By FormOf() a name.
using NamesByForm = std::map<std::string, Names>;

// Returns the collections of a name: "workspaces/members" of "workspaces/acme/members/ann".
std::string FormOf(absl::string_view name);

// Returns the bad requests that each field that is set in `good` makes; where `required` has its
// path, the one without it too. A test fails where the kind of a field is not known here.
std::vector<BadField> BadFieldsOf(const google::protobuf::Message& good,
                                  const std::set<std::string>& required, const NamesByForm& names);

// Returns the paths of all fields of a message and its parts that can be bad, whatever is in them.
// Does not look into those that `skip` has.
std::vector<std::string> FieldsOf(const google::protobuf::Descriptor& type,
                                  const std::set<std::string>& skip);

}  // namespace latchkey::testing

#endif  // LATCHKEY_TESTS_RPC_BAD_FIELDS_H_
