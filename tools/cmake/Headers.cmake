# latchkey_headers: a target that is not built by default. It compiles every header of the project
# by itself, twice over, so that each includes what it needs and is guarded. It looks for them
# itself: what was forgotten in a list would not be checked.
function(latchkey_check_headers)
  set(headers "")
  foreach(folder server storage client tools tests)
    file(GLOB_RECURSE found CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}
         ${PROJECT_SOURCE_DIR}/${folder}/*.h)
    list(APPEND headers ${found})
  endforeach()
  set(sources "")
  foreach(header IN LISTS headers)
    set(source ${PROJECT_BINARY_DIR}/headers/${header}.cc)
    file(CONFIGURE OUTPUT ${source} CONTENT "#include \"${header}\"\n#include \"${header}\"\n")
    list(APPEND sources ${source})
  endforeach()
  add_library(latchkey_headers OBJECT EXCLUDE_FROM_ALL ${sources})
  # All that a header may include is installed, or found from the project's root.
  target_link_libraries(latchkey_headers PRIVATE
    latchkey::proto latchkey::proto_grpc latchkey_warnings GTest::gmock PkgConfig::libdeflate)
  target_include_directories(latchkey_headers PRIVATE ${PROJECT_SOURCE_DIR})
endfunction()
