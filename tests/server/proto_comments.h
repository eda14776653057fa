#ifndef LATCHKEY_TESTS_SERVER_PROTO_COMMENTS_H_
#define LATCHKEY_TESTS_SERVER_PROTO_COMMENTS_H_

#include <map>
#include <string>

#include "absl/strings/string_view.h"

namespace latchkey::testing {

// The comments of a file of the contract, each in one line.
struct ProtoComments {
  // By the name of the enum's value.
  std::map<std::string, std::string> values;
  // By the message's name and the field's: "Event.sequence".
  std::map<std::string, std::string> fields;
};

// Reads a file under proto/. Empty where it cannot be read or does not parse.
ProtoComments ReadProtoComments(absl::string_view path);

}  // namespace latchkey::testing

#endif  // LATCHKEY_TESTS_SERVER_PROTO_COMMENTS_H_
