# Refuses entries of no length in the unwind table of PROGRAM: the search for an address finds such an
# entry instead of the function that begins there, and an exception through that function ends the
# process. Calls READELF.
execute_process(COMMAND ${READELF} --debug-dump=frames ${PROGRAM}
                OUTPUT_VARIABLE table ERROR_VARIABLE problem RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "${READELF} ${PROGRAM}: ${problem}")
endif()
string(REGEX MATCHALL "pc=[0-9a-f]+\\.\\.[0-9a-f]+" entries "${table}")
list(LENGTH entries count)
if(count LESS 1000)
  message(FATAL_ERROR "only ${count} entries were found in the unwind table of ${PROGRAM}")
endif()
foreach(entry IN LISTS entries)
  string(REGEX MATCH "pc=(.*)\\.\\.(.*)" matched "${entry}")
  if(CMAKE_MATCH_1 STREQUAL CMAKE_MATCH_2)
    message(FATAL_ERROR "${PROGRAM} has an entry of no length at ${CMAKE_MATCH_1}; compile the "
                        "source of that address with -fno-reorder-blocks-and-partition")
  endif()
endforeach()
