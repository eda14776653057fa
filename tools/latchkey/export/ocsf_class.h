#ifndef LATCHKEY_TOOLS_LATCHKEY_EXPORT_OCSF_CLASS_H_
#define LATCHKEY_TOOLS_LATCHKEY_EXPORT_OCSF_CLASS_H_

#include "latchkey/v1/audit_service.pb.h"

namespace latchkey::cli {

// A class of events of the framework.
struct OcsfClass {
  int category_uid;
  const char* category_name;
  int class_uid;
  const char* class_name;
};

inline constexpr OcsfClass kAccountChange{3, "Identity & Access Management", 3001,
                                          "Account Change"};
inline constexpr OcsfClass kAuthentication{3, "Identity & Access Management", 3002,
                                           "Authentication"};
inline constexpr OcsfClass kEntityManagement{3, "Identity & Access Management", 3004,
                                             "Entity Management"};
inline constexpr OcsfClass kApiActivity{6, "Application Activity", 6003, "API Activity"};

// What an event is there: its class, and what was done in terms of that.
struct OcsfActivity {
  const OcsfClass* type;
  int id;
  const char* name;
};

// Returns what an event is; an API Activity, Other, where its action is not known.
OcsfActivity OcsfActivityOf(const v1::Event& event);

// 1 Informational to 4 High.
struct OcsfSeverity {
  int id;
  const char* name;
};
OcsfSeverity OcsfSeverityOf(const v1::Event& event);

}  // namespace latchkey::cli

#endif  // LATCHKEY_TOOLS_LATCHKEY_EXPORT_OCSF_CLASS_H_
