#include "tools/latchkey/export/ocsf_class.h"

#include <algorithm>

namespace latchkey::cli {
namespace {

struct Row {
  v1::Action action;
  OcsfActivity activity;
};

constexpr OcsfActivity kMakeAccount{&kAccountChange, 1, "Create"};
constexpr OcsfActivity kEnableAccount{&kAccountChange, 2, "Enable"};
constexpr OcsfActivity kDisableAccount{&kAccountChange, 5, "Disable"};
constexpr OcsfActivity kDeleteAccount{&kAccountChange, 6, "Delete"};
constexpr OcsfActivity kOtherOfAccount{&kAccountChange, 99, "Other"};
constexpr OcsfActivity kLogon{&kAuthentication, 1, "Logon"};
constexpr OcsfActivity kCreate{&kEntityManagement, 1, "Create"};
constexpr OcsfActivity kUpdate{&kEntityManagement, 3, "Update"};
constexpr OcsfActivity kDelete{&kEntityManagement, 4, "Delete"};
constexpr OcsfActivity kEnable{&kEntityManagement, 8, "Enable"};
constexpr OcsfActivity kDisable{&kEntityManagement, 9, "Disable"};
constexpr OcsfActivity kDeactivate{&kEntityManagement, 11, "Deactivate"};
constexpr OcsfActivity kOther{&kEntityManagement, 99, "Other"};
constexpr OcsfActivity kCallCreates{&kApiActivity, 1, "Create"};
constexpr OcsfActivity kCallDeletes{&kApiActivity, 4, "Delete"};
constexpr OcsfActivity kOtherCall{&kApiActivity, 99, "Other"};

// docs/export.md shows it.
constexpr Row kRows[] = {
    {v1::ACTION_WORKSPACE_CREATE, kCreate},
    {v1::ACTION_WORKSPACE_UPDATE, kUpdate},
    {v1::ACTION_MEMBER_CREATE, kMakeAccount},
    {v1::ACTION_MEMBER_UPDATE, kOtherOfAccount},
    {v1::ACTION_MEMBER_DEACTIVATE, kDisableAccount},
    {v1::ACTION_SERVICE_CREATE, kMakeAccount},
    {v1::ACTION_SERVICE_DELETE, kDeleteAccount},
    {v1::ACTION_ORGANIZATION_CREATE, kCreate},
    {v1::ACTION_ORGANIZATION_UPDATE, kUpdate},
    {v1::ACTION_APP_CREATE, kCreate},
    {v1::ACTION_APP_UPDATE, kUpdate},
    {v1::ACTION_APP_DELETE, kDelete},
    {v1::ACTION_APP_ADD_COLLABORATOR, kUpdate},
    {v1::ACTION_APP_REMOVE_COLLABORATOR, kUpdate},
    {v1::ACTION_APP_INSTALL, kCreate},
    {v1::ACTION_APP_REINSTALL, kUpdate},
    {v1::ACTION_APP_UNINSTALL, kDelete},
    {v1::ACTION_APP_APPROVE, kEnable},
    {v1::ACTION_APP_RESTRICT, kDisable},
    {v1::ACTION_REQUEST_RESOLVE, kUpdate},
    {v1::ACTION_REQUEST_WITHDRAW, kUpdate},
    {v1::ACTION_REQUEST_EXPIRE, kUpdate},
    {v1::ACTION_TOKEN_ISSUE, kCreate},
    {v1::ACTION_TOKEN_REGENERATE, kUpdate},
    {v1::ACTION_TOKEN_ROTATE, kUpdate},
    {v1::ACTION_TOKEN_FIRST_USE, kUpdate},
    {v1::ACTION_TOKEN_REVOKE, kDelete},
    {v1::ACTION_TOKEN_BULK_REVOKE, kDelete},
    {v1::ACTION_TOKEN_BULK_PROGRESS, kUpdate},
    {v1::ACTION_TOKEN_BULK_FINISH, kUpdate},
    {v1::ACTION_TOKEN_BULK_CANCEL, kUpdate},
    {v1::ACTION_TOKEN_EXPIRE_WARN, kOther},
    {v1::ACTION_TOKEN_IDLE_WARN, kOther},
    {v1::ACTION_TOKEN_EXPIRE, kDeactivate},
    {v1::ACTION_TOKEN_PURGE, kDelete},
    {v1::ACTION_CONSUMER_CREATE, kCreate},
    {v1::ACTION_CONSUMER_DELETE, kDelete},
    {v1::ACTION_AUDIT_HOLD_LAPSE, kUpdate},
    {v1::ACTION_AUTHENTICATION_FAIL, kLogon},
    {v1::ACTION_DENIAL_SUMMARIZE, kOtherCall},
    {v1::ACTION_TOKEN_REUSE, kOtherCall},
    {v1::ACTION_AUDIT_TRUNCATE, kCallDeletes},
    {v1::ACTION_ADMIN_BACKUP, kCallCreates},
};

bool Reactivates(const v1::Event& event) {
  return event.before().member().state() == v1::MEMBER_STATE_DEACTIVATED &&
         event.after().member().state() == v1::MEMBER_STATE_ACTIVE;
}

}  // namespace

OcsfActivity OcsfActivityOf(const v1::Event& event) {
  if (event.action() == v1::ACTION_MEMBER_UPDATE && Reactivates(event)) return kEnableAccount;
  const auto* const row = std::find_if(std::begin(kRows), std::end(kRows), [&](const Row& known) {
    return known.action == event.action();
  });
  return row == std::end(kRows) ? kOtherCall : row->activity;
}

OcsfSeverity OcsfSeverityOf(const v1::Event& event) {
  // Somebody has a copy of a secret.
  if (event.action() == v1::ACTION_TOKEN_REUSE) return {4, "High"};
  const bool many = event.action() == v1::ACTION_DENIAL_SUMMARIZE ||
                    event.action() == v1::ACTION_AUTHENTICATION_FAIL;
  if (many) return {3, "Medium"};
  if (event.decision().outcome() == v1::OUTCOME_DENIED) return {2, "Low"};
  return {1, "Informational"};
}

}  // namespace latchkey::cli
