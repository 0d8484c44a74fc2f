# Each folder of src/ is one object library.  Its include path shows it its own
# public headers and those of lower rows of src/LAYERS, nothing else: including
# sideways or upwards does not compile.
#
# ucorn_folder(NAME)      the object library layer_NAME from src/NAME/*.c
# ucorn_executable(...)   a program from all layers
# ucorn_module(...)       the same as an extension module of Python

file(STRINGS ${CMAKE_SOURCE_DIR}/src/LAYERS rows REGEX "^[a-z]")
set(UCORN_FOLDERS "")
set(lower "")
foreach(row IN LISTS rows)
	string(REPLACE " " ";" names "${row}")
	foreach(name IN LISTS names)
		set(UCORN_SEES_${name} ${lower} ${name})
	endforeach()
	list(APPEND lower ${names})
	list(APPEND UCORN_FOLDERS ${names})
endforeach()
list(REMOVE_ITEM UCORN_FOLDERS main)

# A folder of links to the header folders that NAME may include.
function(ucorn_include_path name result)
	set(path ${CMAKE_BINARY_DIR}/include/${name})
	file(MAKE_DIRECTORY ${path}/ucorn)
	foreach(seen IN LISTS UCORN_SEES_${name})
		if(EXISTS ${CMAKE_SOURCE_DIR}/include/ucorn/${seen})
			file(CREATE_LINK ${CMAKE_SOURCE_DIR}/include/ucorn/${seen} ${path}/ucorn/${seen}
				SYMBOLIC)
		endif()
	endforeach()
	set(${result} ${path} PARENT_SCOPE)
endfunction()

# The confined headers: which folder gets which dependency's include path.
set(UCORN_DEPS_http dep_http_parser)
set(UCORN_DEPS_conn dep_ev_headers)
set(UCORN_DEPS_py dep_python_headers)
set(UCORN_DEPS_wsgi dep_python_headers)

# Folders whose functions are on the stack when greenlets switch.  Greenlets copy
# the stack, and AddressSanitizer puts forbidden bytes between locals whose
# address is taken: it would take the copy for a mistake, and later what another
# greenlet has there for forbidden.  Everything but the stack is checked.
set(UCORN_SWITCHED backend conn py worker wsgi)

set(UCORN_OBJECTS "")
macro(ucorn_folder name)
	file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.c)
	add_library(layer_${name} OBJECT ${sources})
	ucorn_include_path(${name} include_path)
	target_include_directories(layer_${name} PRIVATE ${include_path})
	target_link_libraries(layer_${name} PRIVATE ucorn_flags ${UCORN_DEPS_${name}})
	if("${name}" IN_LIST UCORN_SWITCHED AND UCORN_SANITIZE MATCHES address AND
			CMAKE_C_COMPILER_ID STREQUAL GNU)
		target_compile_options(layer_${name} PRIVATE --param asan-stack=0)
	endif()
	list(APPEND UCORN_OBJECTS layer_${name})
endmacro()

# ucorn_link_layers(TARGET WITH...)
function(ucorn_link_layers name)
	ucorn_include_path(main include_path)
	target_include_directories(${name} PRIVATE ${include_path})
	target_link_libraries(${name} PRIVATE ucorn_flags ${UCORN_OBJECTS} ${ARGN} dep_http_parser m)
endfunction()

function(ucorn_executable name)
	add_executable(${name} ${ARGN})
	ucorn_link_layers(${name} dep_ev dep_python)
endfunction()

function(ucorn_module name)
	add_library(${name} MODULE ${ARGN})
	ucorn_link_layers(${name} dep_ev_module)
endfunction()
