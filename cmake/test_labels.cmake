# stampede_label(<test> LABELS <label>... [NEEDS <target>...]): gives a test its labels, and says what
# must be built before it runs. The target tests_<label> builds that for all tests of a label, and
# nothing else.
function(stampede_label test)
  cmake_parse_arguments(ARG "" "" "LABELS;NEEDS" ${ARGN})
  set_tests_properties(${test} PROPERTIES LABELS "${ARG_LABELS}")
  foreach(label IN LISTS ARG_LABELS)
    if(NOT TARGET tests_${label})
      add_custom_target(tests_${label})
    endif()
    if(ARG_NEEDS)
      add_dependencies(tests_${label} ${ARG_NEEDS})
    endif()
  endforeach()
endfunction()
