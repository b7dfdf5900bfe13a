//! Graphs: built node by node, or read from a file.
use crate::context::Context;
use crate::error::{Error, Result};
use crate::params::Params;
use crate::raw::{check, data, lent_text, make, path, terminated, text};
use crate::view::View;
use std::path::Path;
use std::ptr::NonNull;
use tenon_sys::attributes::{attr, Attr, AttrValue, RawAttrs};
use tenon_sys::types::{Code, DType, Type};
use tenon_sys::*;

/// A graph of operators. What is added is checked then: a bad node fails where it is added, and the graph is as it was.
#[derive(Debug)]
pub struct Graph {
    raw: NonNull<tenon_graph>,
    context: Context,
}

// SAFETY: what changes a graph is `@threads exclusive` and takes &mut here; what reads it is `@threads any`.
unsafe impl Send for Graph {}
unsafe impl Sync for Graph {}

impl Drop for Graph {
    fn drop(&mut self) {
        // SAFETY: owned.
        unsafe { tenon_graph_destroy(self.raw.as_ptr()) };
    }
}

/// A value of one graph: an input, parameter, constant or node result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Value(pub(crate) tenon_value);

/// What [`Graph::load`] and [`Graph::parse`] do with nodes that no output needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unused {
    /// They are an error.
    Refuse,
    /// They are dropped.
    Prune,
}

impl Unused {
    fn flags(self) -> u32 {
        if self == Unused::Prune {
            TENON_GRAPH_PRUNE
        } else {
            0
        }
    }
}

fn type_view(dtype: DType, dims: &[i64]) -> tenon_type_view {
    tenon_type_view { dims: dims.as_ptr(), rank: i32::try_from(dims.len()).unwrap_or(i32::MAX), dtype: dtype.0 }
}

/// Making graphs.
impl Graph {
    /// An empty graph.
    pub fn new(context: &Context, name: &str) -> Result<Graph> {
        // SAFETY: the context is alive; here and below, texts are copied.
        Graph::made(context, make(|out, error| unsafe { tenon_graph_create(context.raw(), data(name), name.len(), out, error) }))
    }
    /// A graph file (`.yaml`).
    pub fn load(context: &Context, file: impl AsRef<Path>, unused: Unused) -> Result<Graph> {
        let (name, length) = path(file.as_ref());
        Graph::made(context, make(|out, error| unsafe { tenon_graph_load(context.raw(), name, length, unused.flags(), out, error) }))
    }
    /// A graph file's text; `file`: its name in messages.
    pub fn parse(context: &Context, yaml: &str, file: &str, unused: Unused) -> Result<Graph> {
        Graph::made(
            context,
            make(|out, error| unsafe {
                tenon_graph_parse(context.raw(), data(yaml), yaml.len(), data(file), file.len(), unused.flags(), out, error)
            }),
        )
    }
    /// One operator as a graph. shapes: `"4x640,640"`, in the operands' order, empty for an absent one; attributes: `"epsilon=1e-5"`.
    pub fn from_operator(context: &Context, operator: &str, dtype: &str, shapes: &str, attributes: &[&str]) -> Result<Graph> {
        let attributes: Result<Vec<_>> = attributes.iter().map(|text| terminated(text, "the attribute")).collect();
        let attributes = attributes?;
        let pointers: Vec<_> = attributes.iter().map(|text| text.as_ptr()).collect();
        let source = tenon_operator_source {
            op: data(operator),
            op_length: operator.len(),
            dtype: data(dtype),
            dtype_length: dtype.len(),
            shapes: data(shapes),
            shapes_length: shapes.len(),
            attributes: pointers.as_ptr(),
            attribute_count: pointers.len(),
            ..tenon_operator_source::INIT
        };
        Graph::made(context, make(|out, error| unsafe { tenon_graph_from_operator(context.raw(), &source, out, error) }))
    }
    fn made(context: &Context, raw: Result<NonNull<tenon_graph>>) -> Result<Graph> {
        Ok(Graph { raw: raw?, context: context.clone() })
    }
}

/// Adding to a graph.
impl Graph {
    /// An argument of the graph. A size may be [`DYNAMIC`](crate::DYNAMIC).
    pub fn input(&mut self, name: &str, dtype: DType, dims: &[i64]) -> Result<Value> {
        let of = type_view(dtype, dims);
        self.value(|raw, out, error| unsafe { tenon_graph_add_input(raw, data(name), name.len(), &of, out, error) })
    }
    /// A named tensor of a [`Params`] file. `alias`: its name in the graph, if another.
    pub fn param(&mut self, name: &str, alias: Option<&str>, dtype: DType, dims: &[i64]) -> Result<Value> {
        let of = type_view(dtype, dims);
        let (other, length) = alias.map_or((std::ptr::null(), 0), |alias| (data(alias), alias.len()));
        self.value(|raw, out, error| unsafe { tenon_graph_add_param(raw, data(name), name.len(), other, length, &of, out, error) })
    }
    /// A constant; the elements are copied.
    pub fn constant(&mut self, name: &str, elements: &View<'_>) -> Result<Value> {
        self.value(|raw, out, error| unsafe { tenon_graph_add_constant(raw, data(name), name.len(), elements.raw(), out, error) })
    }
    /// A node of that operator: `graph.node("norm", "rms_norm").operands(&[x, w]).attr("epsilon", 1e-5).add()?`. `name` is yours, unique in
    /// the graph; `operator` is a name, an alias, or `"namespace.name"`.
    pub fn node<'a>(&'a mut self, name: &'a str, operator: &'a str) -> NodeBuilder<'a> {
        NodeBuilder { graph: self, name, operator, operands: Vec::new(), names: Vec::new(), attributes: Vec::new() }
    }
    /// Names a value as a result of the graph.
    pub fn output(&mut self, name: &str, value: Value) -> Result<()> {
        check(|error| unsafe { tenon_graph_add_output(self.raw.as_ptr(), data(name), name.len(), value.0, error) })
    }
    fn value(&mut self, call: impl FnOnce(*mut tenon_graph, *mut tenon_value, *mut *mut tenon_error) -> i32) -> Result<Value> {
        let mut out = TENON_VALUE_NONE;
        check(|error| call(self.raw.as_ptr(), &mut out, error))?;
        Ok(Value(out))
    }
}

/// Reading a graph.
impl Graph {
    /// A value by name: `"x"`, `"norm"`, `"norm:1"`, `"norm:sum"`.
    pub fn find(&self, name: &str) -> Result<Value> {
        let mut out = TENON_VALUE_NONE;
        check(|error| unsafe { tenon_graph_find_value(self.raw.as_ptr(), data(name), name.len(), &mut out, error) })?;
        Ok(Value(out))
    }
    /// The type of a value.
    pub fn type_of(&self, value: Value) -> Result<Type> {
        let mut out = tenon_type_view::INIT;
        check(|error| unsafe { tenon_graph_get_type(self.raw.as_ptr(), value.0, &mut out, error) })?;
        // SAFETY: lent until the graph changes, and copied now.
        Ok(unsafe { Type::of(&out) })
    }
    /// The graph as a file's text.
    pub fn to_yaml(&self) -> Result<String> {
        text(|out, error| unsafe { tenon_graph_to_yaml(self.raw.as_ptr(), out, error) })
    }
    /// The parameter file that the graph file names, or nothing.
    pub fn params_file(&self) -> &str {
        // SAFETY: lent by the graph; what changes a graph does not change this.
        unsafe { lent_text(|length| tenon_graph_get_params_file(self.raw.as_ptr(), length)) }
    }
    /// Writes the tensors that the graph declares as parameters, taken from `params`, to a `.irpa` or `.safetensors` file.
    pub fn write_params(&self, params: &Params, file: impl AsRef<Path>) -> Result<()> {
        let (name, length) = path(file.as_ref());
        check(|error| unsafe { tenon_params_write(self.raw.as_ptr(), params.raw(), name, length, error) })
    }
    pub(crate) fn raw(&self) -> *const tenon_graph {
        self.raw.as_ptr()
    }
    pub(crate) fn context(&self) -> &Context {
        &self.context
    }
}

/// A node that is being described; [`add`](NodeBuilder::add) adds it.
#[must_use]
#[derive(Debug)]
pub struct NodeBuilder<'a> {
    graph: &'a mut Graph,
    name: &'a str,
    operator: &'a str,
    operands: Vec<tenon_value>,
    names: Vec<&'a str>,
    attributes: Vec<Attr<'a>>,
}

// More results than nearly all operators have; the others' are looked up by name.
const ROOM: usize = 16;

impl<'a> NodeBuilder<'a> {
    /// The next operands, in the operator's order.
    pub fn operands(mut self, values: &[Value]) -> Self {
        self.operands.extend(values.iter().map(|value| value.0));
        self
    }
    /// The next operand is absent.
    pub fn absent(mut self) -> Self {
        self.operands.push(TENON_VALUE_NONE);
        self
    }
    /// An operand by name. Give all of a node's operands by name, or all in order.
    pub fn operand(mut self, name: &'a str, value: Value) -> Self {
        self.names.push(name);
        self.operands.push(value.0);
        self
    }
    /// An attribute: a `bool`, number, text, dtype, or a list of them.
    pub fn attr(mut self, name: &'a str, value: impl Into<AttrValue<'a>>) -> Self {
        self.attributes.push(attr(name, value));
        self
    }
    /// Adds the node. Its results, in the operator's order, `None` for absent ones.
    pub fn add(self) -> Result<Vec<Option<Value>>> {
        if !self.names.is_empty() && self.names.len() != self.operands.len() {
            let message = format!("node {}: {} of {} operands have a name", self.name, self.names.len(), self.operands.len());
            return Err(Error::new(Code::INVALID_ARGUMENT, message, "give all operands by name, or all in order"));
        }
        let names: Result<Vec<_>> = self.names.iter().map(|name| terminated(name, "the operand name")).collect();
        let names = names?;
        let pointers: Vec<_> = names.iter().map(|name| name.as_ptr()).collect();
        // SAFETY: the attributes outlive the call.
        let attributes = unsafe { RawAttrs::new(&self.attributes) };
        let request = tenon_node_request {
            name: data(self.name),
            name_length: self.name.len(),
            op: data(self.operator),
            op_length: self.operator.len(),
            operands: self.operands.as_ptr(),
            operand_count: self.operands.len(),
            operand_names: if pointers.is_empty() { std::ptr::null() } else { pointers.as_ptr() },
            attributes: attributes.as_slice().as_ptr(),
            attribute_count: attributes.as_slice().len(),
            ..tenon_node_request::INIT
        };
        let (mut ids, mut count) = ([TENON_VALUE_NONE; ROOM], 0);
        // SAFETY: everything that the request points at outlives the call.
        check(|error| unsafe { tenon_graph_add_node(self.graph.raw.as_ptr(), &request, ids.as_mut_ptr(), ROOM, &mut count, error) })?;
        let mut out: Vec<Option<Value>> = ids[..count.min(ROOM)].iter().map(|&id| (id != TENON_VALUE_NONE).then_some(Value(id))).collect();
        for i in ROOM..count {
            out.push(self.graph.find(&format!("{}:{i}", self.name)).ok());
        }
        Ok(out)
    }
    /// Adds the node and gives its first result.
    pub fn one(self) -> Result<Value> {
        let name = self.name;
        let first = self.add()?.first().copied().flatten();
        first.ok_or_else(|| Error::new(Code::INTERNAL, format!("node {name} has no first result"), ""))
    }
}
