package tenon

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"io/fs"
	"strings"
	"testing"
)

// Every exported name has a comment.
func TestEverythingIsDocumented(t *testing.T) {
	notTest := func(info fs.FileInfo) bool { return !strings.HasSuffix(info.Name(), "_test.go") }
	parsed, err := parser.ParseDir(token.NewFileSet(), ".", notTest, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	p := doc.New(parsed["tenon"], "tenon.local/tenon", 0)
	count := 0
	check := func(name, comment string) {
		count++
		if strings.TrimSpace(comment) == "" {
			t.Errorf("%s has no comment", name)
		}
	}
	values := func(list []*doc.Value) {
		for _, value := range list {
			check(strings.Join(value.Names, ", "), value.Doc)
		}
	}
	funcs := func(list []*doc.Func) {
		for _, f := range list {
			check(f.Name, f.Doc)
		}
	}
	check("package", p.Doc)
	values(p.Consts)
	values(p.Vars)
	funcs(p.Funcs)
	for _, kind := range p.Types {
		own := kind.Doc
		if own == "" && len(kind.Decl.Specs) == 1 {
			if spec, ok := kind.Decl.Specs[0].(*ast.TypeSpec); ok {
				own = spec.Doc.Text()
			}
		}
		check(kind.Name, own)
		values(kind.Consts)
		values(kind.Vars)
		funcs(kind.Funcs)
		funcs(kind.Methods)
	}
	if count < 80 {
		t.Errorf("only %d names found: the check is broken", count)
	}
}
