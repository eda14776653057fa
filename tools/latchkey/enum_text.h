#ifndef LATCHKEY_TOOLS_LATCHKEY_ENUM_TEXT_H_
#define LATCHKEY_TOOLS_LATCHKEY_ENUM_TEXT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"

namespace latchkey::cli {

// How people write and read the values of the contract's enums: without the enum's prefix and in
// lower case, ROLE_PRIMARY_OWNER as "primary_owner"; actions by their stable names, "token.issue".

std::string EnumText(const google::protobuf::EnumValueDescriptor& value);

// Returns the texts of all values but the unspecified one, in order.
std::vector<std::string> EnumTexts(const google::protobuf::EnumDescriptor& type);

// Reads a value's text, in any case and with '-' for '_'. Returns its number.
// INVALID_ARGUMENT: there is no such value; says what there is.
absl::StatusOr<int> ParseEnum(const google::protobuf::EnumDescriptor& type, absl::string_view text);

}  // namespace latchkey::cli

#endif  // LATCHKEY_TOOLS_LATCHKEY_ENUM_TEXT_H_
