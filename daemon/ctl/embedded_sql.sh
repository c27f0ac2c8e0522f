#!/bin/sh
# Writes the assembler file behind embedded_sql.h: embedded_sql.sh DIRECTORY FILE... (files below DIRECTORY, sorted).
# Assembler because .incbin keeps the bytes read-only and needs no quoting, whatever is in them.
set -eu

directory=$1
shift

echo '.section .rodata'
number=0
for file in "$@"; do
    printf 'name_%d: .asciz "%s"\n' "$number" "${file#"$directory"/}"
    printf 'start_%d: .incbin "%s"\nend_%d: .byte 0\n' "$number" "$file" "$number"
    number=$((number + 1))
done

# Pointers are relocated when the program is loaded, and read-only after that.
printf '.section .data.rel.ro, "aw"\n.balign 16\n.globl embedded_sql\n.type embedded_sql, %%object\nembedded_sql:\n'
index=0
while [ "$index" -lt "$number" ]; do
    printf '.dc.a name_%d, start_%d, end_%d\n' "$index" "$index" "$index"
    index=$((index + 1))
done
printf '.size embedded_sql, . - embedded_sql\n'

printf '.section .rodata\n.balign 16\n.globl embedded_sql_count\n.type embedded_sql_count, %%object\n'
printf 'embedded_sql_count: .dc.a %d\n.size embedded_sql_count, . - embedded_sql_count\n' "$number"
echo '.section .note.GNU-stack, "", %progbits'
