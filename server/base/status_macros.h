#ifndef LATCHKEY_SERVER_BASE_STATUS_MACROS_H_
#define LATCHKEY_SERVER_BASE_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Returns from the enclosing function where `expr`, an absl::Status, is not OK.
#define LATCHKEY_RETURN_IF_ERROR(expr)                                    \
  do {                                                                    \
    if (absl::Status latchkey_status_ = (expr); !latchkey_status_.ok()) { \
      return latchkey_status_;                                            \
    }                                                                     \
  } while (false)

// Puts the value of `expr`, an absl::StatusOr<T>, into `lhs` (which may declare it), or returns its
// status. It expands to several statements: not the whole body of an `if` without braces.
#define LATCHKEY_ASSIGN_OR_RETURN(lhs, expr) \
  LATCHKEY_ASSIGN_OR_RETURN_IMPL_(LATCHKEY_CONCAT_(latchkey_or_, __COUNTER__), lhs, expr)

// `lhs` may be a declaration, which no parentheses fit around.
// NOLINTBEGIN(bugprone-macro-parentheses)
#define LATCHKEY_ASSIGN_OR_RETURN_IMPL_(result, lhs, expr) \
  auto result = (expr);                                    \
  if (!result.ok()) return std::move(result).status();     \
  lhs = *std::move(result)
// NOLINTEND(bugprone-macro-parentheses)
#define LATCHKEY_CONCAT_(a, b) LATCHKEY_CONCAT_IMPL_(a, b)
#define LATCHKEY_CONCAT_IMPL_(a, b) a##b

#endif  // LATCHKEY_SERVER_BASE_STATUS_MACROS_H_
