# Embeds the Python modules below src/pylib in the program: each becomes a byte
# array in the generated pylib.inc, which src/py/pylib.c includes.
set(pylib ${CMAKE_SOURCE_DIR}/src/pylib)
file(GLOB_RECURSE modules CONFIGURE_DEPENDS ${pylib}/*.py)
set(arrays "")
set(rows "")
foreach(path IN LISTS modules)
	set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
	# a/b/__init__.py is the module a.b
	file(RELATIVE_PATH name ${pylib} ${path})
	string(REGEX REPLACE "(/__init__)?\\.py$" "" name ${name})
	string(REPLACE "/" "." name ${name})
	string(REPLACE "." "__" array ${name})
	file(READ ${path} hex HEX)
	string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
	string(APPEND arrays "static const char source_${array}[] = {${bytes}0x00};\n")
	string(APPEND rows "\t{\"${name}\", source_${array}},\n")
endforeach()
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/pylib.inc @ONLY
	CONTENT "${arrays}\nstatic const struct pylib_module modules[] = {\n${rows}};\n")
target_include_directories(layer_py PRIVATE ${CMAKE_BINARY_DIR}/generated)
