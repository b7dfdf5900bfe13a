# cmake -DNM= -DOBJCOPY= -DOBJECT= -P localize.cmake: of what the object defines, only tenon_* stays visible to others.
#
# objcopy cannot make a unique symbol (STB_GNU_UNIQUE, of an inline variable) local, but a weak one: so these are made weak first. By name,
# because a pattern would make undefined symbols weak too, and the linker would leave those at 0.
execute_process(COMMAND ${NM} --defined-only ${OBJECT} OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "[0-9a-f]+ u [^\n]+" unique "${symbols}")
list(TRANSFORM unique REPLACE "^[0-9a-f]+ u " "")
list(JOIN unique "\n" unique)
file(WRITE ${OBJECT}.unique "${unique}\n")
execute_process(COMMAND ${OBJCOPY} --weaken-symbols=${OBJECT}.unique ${OBJECT} COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${OBJCOPY} --wildcard --keep-global-symbol=tenon_* ${OBJECT} COMMAND_ERROR_IS_FATAL ANY)
