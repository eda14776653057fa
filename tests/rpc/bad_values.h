#ifndef LATCHKEY_TESTS_RPC_BAD_VALUES_H_
#define LATCHKEY_TESTS_RPC_BAD_VALUES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"

namespace latchkey::testing {

// What fields take, by their names, and values that they do not take.

// What a string is.
enum class Form {
  kId,
  kName,
  kText,
  kScope,
  kUuid,
  kPageToken,
  kSecret,
  kConfirmation,
  kUri,
  kActionPrefix,
};

struct StringRule {
  absl::string_view field;
  Form form;
  std::size_t max_bytes;  // 0: none is documented
};
// Returns the rule of a field, or null where the name is not known.
const StringRule* RuleOf(absl::string_view field);

// How many elements a repeated field takes.
struct CountRule {
  absl::string_view field;
  int max = 0;  // 0: as many as there are different ones
  bool each_once = false;
};
const CountRule* CountRuleOf(absl::string_view field);

// A value, and what is wrong with it.
template <typename Value>
struct Wrong {
  Value value;
  std::string what;
};

// Stands for bytes that are no UTF-8, which a string of protobuf does not take; WithBadUtf8() puts
// them in its place in a message's bytes.
inline constexpr absl::string_view kBadUtf8 = "@@no-utf8@@";
std::string WithBadUtf8(std::string bytes);

// Values that are not of the form. `good` is one that is.
std::vector<Wrong<std::string>> MalformedOf(Form form, const std::string& good);
// Values that are of the form, but for being longer than the rule's bytes.
std::vector<Wrong<std::string>> TooLongOf(const StringRule& rule, const std::string& good);
// Returns the `i`-th of many good values that differ, where their form lets them.
std::string OneOfMany(Form form, const std::string& good, int i);

// Numbers that a field of type int32, uint32 or uint64 does not take; of the last by their bits.
std::vector<Wrong<std::int64_t>> BadNumbers(const google::protobuf::FieldDescriptor& field);
std::vector<Wrong<google::protobuf::Timestamp>> BadTimes(absl::string_view field,
                                                         const google::protobuf::Timestamp& good);
std::vector<Wrong<google::protobuf::Duration>> BadDurations(const google::protobuf::Duration& good);

}  // namespace latchkey::testing

#endif  // LATCHKEY_TESTS_RPC_BAD_VALUES_H_
