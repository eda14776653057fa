# Layered targets: every library and executable of ours names its layer, and a link edge that
# LayerTable.cmake does not list, also one to a library from outside, ends the configuring.
include(LayerTable)
define_property(TARGET PROPERTY LATCHKEY_LAYER
  BRIEF_DOCS "The layer that the target belongs to, or the library from outside that it stands for")

# latchkey_library(<name> LAYER <layer> [SRCS ...] [HDRS ...] [PUBLIC ...] [PRIVATE ...])
#
# Makes latchkey_<name> with the alias latchkey::<name>. HDRS: the public headers. PUBLIC: the
# libraries that they include; PRIVATE: those that only SRCS include. Without SRCS the library is
# its headers.
function(latchkey_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "LAYER" "SRCS;HDRS;PUBLIC;PRIVATE")
  set(target latchkey_${name})
  if(arg_SRCS)
    add_library(${target} STATIC ${arg_SRCS})
    set(scope PUBLIC)
    target_link_libraries(${target} PRIVATE ${arg_PRIVATE} latchkey_warnings)
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_link_libraries(${target} ${scope} ${arg_PUBLIC})
  target_include_directories(${target} ${scope} ${PROJECT_SOURCE_DIR})
  target_sources(${target} ${scope} FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR}
                                             FILES ${arg_HDRS})
  add_library(latchkey::${name} ALIAS ${target})
  latchkey_register_target(${target} ${arg_LAYER})
endfunction()

# latchkey_executable(<name> LAYER <layer> SRCS ... [DEPS ...])
function(latchkey_executable name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "LAYER" "SRCS;DEPS")
  add_executable(${name} ${arg_SRCS})
  target_link_libraries(${name} PRIVATE ${arg_DEPS} latchkey_warnings)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  latchkey_register_target(${name} ${arg_LAYER})
endfunction()

# Puts a target into a layer, for latchkey_check_layers().
function(latchkey_register_target target layer)
  if(NOT layer IN_LIST LATCHKEY_LAYERS)
    message(FATAL_ERROR "layers: ${target} names the unknown layer '${layer}'")
  endif()
  set_target_properties(${target} PROPERTIES LATCHKEY_LAYER ${layer})
  set_property(GLOBAL APPEND PROPERTY LATCHKEY_TARGETS ${target})
endfunction()

# Fails on a link edge between layers that the table does not allow. Call it last: it sees edges
# that were added with a plain target_link_libraries() too.
function(latchkey_check_layers)
  get_property(targets GLOBAL PROPERTY LATCHKEY_TARGETS)
  foreach(target IN LISTS targets)
    get_target_property(layer ${target} LATCHKEY_LAYER)
    get_target_property(type ${target} TYPE)
    get_target_property(edges ${target} INTERFACE_LINK_LIBRARIES)
    if(NOT type STREQUAL "INTERFACE_LIBRARY")
      get_target_property(private_edges ${target} LINK_LIBRARIES)
      list(APPEND edges ${private_edges})
    endif()
    list(REMOVE_DUPLICATES edges)
    list(FILTER edges EXCLUDE REGEX "-NOTFOUND$")  # what has none
    foreach(edge IN LISTS edges)
      latchkey_check_edge(${target} ${layer} "${edge}")
    endforeach()
  endforeach()
endfunction()

function(latchkey_check_edge target layer edge)
  string(REGEX REPLACE "^\\$<LINK_ONLY:(.*)>$" "\\1" used "${edge}")
  if(used MATCHES "^latchkey" AND NOT TARGET "${used}")
    message(FATAL_ERROR "layers: ${target} links ${used}, which is no target")
  endif()
  latchkey_home_of("${used}" home)
  set(allowed ${layer} ${LATCHKEY_USES_${layer}} absl Threads ${LATCHKEY_OUTSIDE_${layer}})
  if("${home}" STREQUAL "" OR home IN_LIST allowed OR layer STREQUAL testing)
    return()
  endif()
  message(FATAL_ERROR "layers: ${target} (${layer}) may not use ${used} (${home}); "
                      "tools/cmake/LayerTable.cmake says what may")
endfunction()

# Sets `out` to the layer of a library of ours, or to where one comes from that is not; to "" for
# one of ours that is of no layer.
function(latchkey_home_of library out)
  if(TARGET "${library}")
    get_target_property(aliased ${library} ALIASED_TARGET)
    if(aliased)
      set(library ${aliased})
    endif()
  endif()
  if(library IN_LIST LATCHKEY_OF_NO_LAYER)
    set(home "")
  elseif(library MATCHES "^latchkey")
    get_target_property(home ${library} LATCHKEY_LAYER)
  else()
    string(REGEX REPLACE "^PkgConfig::" "" home "${library}")
    string(REGEX REPLACE "::.*$" "" home "${home}")
  endif()
  set(${out} "${home}" PARENT_SCOPE)
endfunction()
