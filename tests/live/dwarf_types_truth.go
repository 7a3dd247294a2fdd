// SPDX-License-Identifier: MIT

// dwarf_types_truth prints the package variables and the types of a Go program as Go's own debug/dwarf
// reads them, in the words of dwarf_types_ask.
package main

import (
	"bufio"
	"debug/dwarf"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
)

const (
	attrKind        = dwarf.Attr(0x2900)
	attrKey         = dwarf.Attr(0x2901)
	attrElem        = dwarf.Attr(0x2902)
	attrEmbedded    = dwarf.Attr(0x2903)
	attrRuntimeType = dwarf.Attr(0x2904)
)

type node struct {
	*dwarf.Entry
	children []*dwarf.Entry
}

var (
	types = map[dwarf.Offset]*node{}
	names = map[string]map[dwarf.Offset]bool{}
)

func offset(e *dwarf.Entry, attr dwarf.Attr) dwarf.Offset {
	o, _ := e.Val(attr).(dwarf.Offset)
	return o
}

func number(e *dwarf.Entry, attr dwarf.Attr, absent int64) int64 {
	switch v := e.Val(attr).(type) {
	case int64:
		return v
	case uint64:
		return int64(v)
	}
	return absent
}

// whole goes through the typedefs that only give a name.
func whole(o dwarf.Offset) dwarf.Offset {
	for o != 0 && types[o].Tag == dwarf.TagTypedef && types[o].Val(attrKind) == nil {
		o = offset(types[o].Entry, dwarf.AttrType)
	}
	return o
}

// unescape undoes what the linker does to import paths.
func unescape(name string) string {
	var b strings.Builder
	for i := 0; i < len(name); i++ {
		if name[i] == '%' && i+2 < len(name) {
			if c, err := strconv.ParseUint(name[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(c))
				i += 2
				continue
			}
		}
		b.WriteByte(name[i])
	}
	return b.String()
}

func name(e *dwarf.Entry) string {
	s, _ := e.Val(dwarf.AttrName).(string)
	return s
}

func kind(e *dwarf.Entry) int64 {
	if k := number(e, attrKind, 0); k != 0 {
		return k
	}
	switch e.Tag {
	case dwarf.TagArrayType:
		return 17
	case dwarf.TagSubroutineType:
		return 19
	case dwarf.TagStructType:
		return 25
	case dwarf.TagPointerType:
		if offset(e, dwarf.AttrType) != 0 {
			return 22
		}
		return 26
	}
	return 0
}

func printType(out *bufio.Writer, o dwarf.Offset) {
	e := types[whole(o)]
	k := kind(e.Entry)
	size, count := number(e.Entry, dwarf.AttrByteSize, -1), int64(-1)
	elem, inside := offset(e.Entry, attrElem), dwarf.Offset(0)
	target := offset(e.Entry, dwarf.AttrType)
	switch k {
	case 17, 22:
		elem = target
		if k == 22 {
			size = 8
		}
	case 18, 21:
		size = 8
		inside = whole(offset(types[whole(target)].Entry, dwarf.AttrType))
	case 19, 26:
		size = 8
	case 20:
		inside = whole(target)
		size = number(types[inside].Entry, dwarf.AttrByteSize, -1)
	}
	for _, child := range e.children {
		if child.Tag == dwarf.TagSubrangeType {
			count = number(child, dwarf.AttrCount, -1)
		}
	}
	runtimeType := number(e.Entry, attrRuntimeType, 0)
	if name(e.Entry) == "uintptr" {
		runtimeType = 0 // go_types.h: what stands there is no such offset up to Go 1.22
	}
	found, byDescriptor := "found", "found"
	if name(e.Entry) == "" {
		found = "-"
	} else if len(names[unescape(name(e.Entry))]) > 1 {
		found = "ambiguous"
	}
	if runtimeType == 0 {
		byDescriptor = "none"
	}
	fmt.Fprintf(out, "type\t%d\t%d\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%s\t%s\n", o, e.Offset, name(e.Entry), k,
		size, whole(elem), whole(offset(e.Entry, attrKey)), count, inside, runtimeType, found, byDescriptor)
	for _, child := range e.children {
		if child.Tag != dwarf.TagMember {
			continue
		}
		embedded := 0
		if v, _ := child.Val(attrEmbedded).(bool); v {
			embedded = 1
		}
		fmt.Fprintf(out, "member\t%s\t%d\t%d\t%d\n", name(child), number(child, dwarf.AttrDataMemberLoc, 0),
			whole(offset(child, dwarf.AttrType)), embedded)
	}
}

// packageOf is the import path in an escaped name: up to the first dot behind the last slash.
func packageOf(unit, name string) string {
	if strings.HasPrefix(name, unit+".") {
		return unit
	}
	head := strings.SplitN(name, "[", 2)[0]
	slash := strings.LastIndex(head, "/") + 1
	if dot := strings.Index(head[slash:], "."); dot >= 0 {
		return unescape(name[:slash+dot])
	}
	return ""
}

type variable struct {
	pkg, name string
	address   uint64
	t         dwarf.Offset
}

// read collects all types and package variables of the Go units.
func read(data *dwarf.Data) (variables []variable) {
	reader := data.Reader()
	unit := ""
	depth := 0
	var current *node
	for {
		e, err := reader.Next()
		if err != nil {
			panic(err)
		}
		if e == nil {
			return variables
		}
		switch {
		case e.Tag == 0:
			depth--
			continue
		case e.Tag == dwarf.TagCompileUnit:
			unit, depth = name(e), 0
			if number(e, dwarf.AttrLanguage, 0) != 22 {
				reader.SkipChildren()
				continue
			}
		case depth == 1:
			current = nil
			switch e.Tag {
			case dwarf.TagVariable:
				location, _ := e.Val(dwarf.AttrLocation).([]byte)
				if len(location) == 9 && location[0] == 3 {
					variables = append(variables, variable{packageOf(unit, name(e)), unescape(name(e)),
						binary.LittleEndian.Uint64(location[1:]), offset(e, dwarf.AttrType)})
				}
			case dwarf.TagStructType, dwarf.TagTypedef, dwarf.TagBaseType, dwarf.TagArrayType,
				dwarf.TagPointerType, dwarf.TagSubroutineType, dwarf.TagUnspecifiedType:
				current = &node{Entry: e}
				types[e.Offset] = current
			}
		case depth == 2 && current != nil:
			current.children = append(current.children, e)
		}
		if e.Children {
			depth++
		}
	}
}

func main() {
	file, err := elf.Open(os.Args[1])
	if err != nil {
		panic(err)
	}
	data, err := file.DWARF()
	if err != nil {
		panic(err)
	}
	variables := read(data)
	sort.Slice(variables, func(i, j int) bool {
		a, b := variables[i], variables[j]
		return a.name < b.name || a.name == b.name && a.address < b.address
	})
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for i, v := range variables {
		if i > 0 && v.name == variables[i-1].name && v.address == variables[i-1].address {
			continue
		}
		fmt.Fprintf(out, "variable\t%s\t%s\t%d\t%d\n", v.pkg, v.name, v.address, whole(v.t))
	}
	var offsets []dwarf.Offset
	for o, t := range types {
		if t.Tag == dwarf.TagTypedef && t.Val(attrKind) == nil && offset(t.Entry, dwarf.AttrType) == 0 {
			continue
		}
		offsets = append(offsets, o)
		n := unescape(name(t.Entry))
		if names[n] == nil {
			names[n] = map[dwarf.Offset]bool{}
		}
		names[n][whole(o)] = true
	}
	sort.Slice(offsets, func(i, j int) bool { return offsets[i] < offsets[j] })
	for _, o := range offsets {
		printType(out, o)
	}
}
