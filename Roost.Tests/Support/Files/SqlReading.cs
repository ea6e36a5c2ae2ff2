using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Roost.Tests.Support;

/// <summary>Compiles sources and follows each SQL text back to where it comes from.</summary>
internal sealed class SqlReading
{
    /// <summary>The name of the source that is read beside the files.</summary>
    public const string More = "more.cs";

    private static readonly string[] DapperCalls =
    [
        "Query",
        "QueryFirst",
        "QueryFirstOrDefault",
        "QuerySingle",
        "QuerySingleOrDefault",
        "QueryMultiple",
        "Execute",
        "ExecuteScalar",
        "ExecuteReader",
    ];

    private readonly CSharpCompilation compilation;
    private readonly HashSet<string> allowed;
    private readonly HashSet<string> used = [];
    private readonly List<string> doubts = [];
    private string? culprit;
    private readonly Dictionary<SyntaxTree, SemanticModel> models = [];
    private readonly Dictionary<ISymbol, bool> fixedOnes = new(SymbolEqualityComparer.Default);

    public SqlReading(IEnumerable<string> files, IEnumerable<string> allowed, string? more = null)
    {
        this.allowed = [.. allowed];
        var how = new CSharpParseOptions(LanguageVersion.Preview);
        const string Usings =
            "global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq; global using " +
            "System.Threading; global using System.Threading.Tasks;";
        List<SyntaxTree> trees =
        [
            .. files.Select(file => CSharpSyntaxTree.ParseText(File.ReadAllText(file), how, file)),
            CSharpSyntaxTree.ParseText(Usings, how),
        ];
        Files = trees.Count - 1;
        if (more is not null)
            trees.Add(CSharpSyntaxTree.ParseText(more, how, More));
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator)
            .Where(path => Path.GetFileName(path) != "Roost.dll")
            .Select(path => MetadataReference.CreateFromFile(path));
        compilation = CSharpCompilation.Create(
            "Read",
            trees,
            references,
            new(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable, allowUnsafe: true)
        );
        foreach (SyntaxTree tree in trees)
            Read(tree);
    }

    public int Files { get; }

    /// <summary>How many texts of SQL were found.</summary>
    public int Sinks { get; private set; }

    /// <summary>Texts that may hold a value, with their place.</summary>
    public IReadOnlyList<string> Doubts => doubts;

    public IReadOnlyCollection<string> AllowedUsed => used;

    /// <summary>One for each tree: what it has found out is found out once.</summary>
    private SemanticModel ModelOf(SyntaxTree tree) =>
        models.TryGetValue(tree, out SemanticModel? known) ? known : models[tree] = compilation.GetSemanticModel(tree);

    private void Read(SyntaxTree tree)
    {
        SemanticModel model = ModelOf(tree);
        foreach (SyntaxNode node in tree.GetRoot().DescendantNodes())
        {
            if (TextOf(node, model) is not { } text) continue;
            Sinks++;
            culprit = null;
            if (!IsFixed(text, model, [])) doubts.Add($"{tree.FilePath}({text.GetLocation().GetLineSpan().StartLinePosition.Line + 1}): {text}, by {culprit}");
        }
    }

    /// <summary>The SQL that a node gives to SQLite; null for any other node.</summary>
    private static ExpressionSyntax? TextOf(SyntaxNode node, SemanticModel model)
    {
        switch (node)
        {
            case AssignmentExpressionSyntax { Left: MemberAccessExpressionSyntax { Name.Identifier.Text: "CommandText" } } set:
                return set.Right;
            case BaseObjectCreationExpressionSyntax made
                when model.GetSymbolInfo(made).Symbol is IMethodSymbol { ContainingType.Name: "Statement" or "SqliteCommand" or "CommandDefinition" } maker:
                return Argument(made.ArgumentList, maker, maker.ContainingType.Name == "Statement" ? "sql" : "commandText");
            case InvocationExpressionSyntax call
                when model.GetSymbolInfo(call).Symbol is IMethodSymbol called
                    && called.ContainingType.Name == "SqlMapper"
                    && DapperCalls.Any(name => called.Name == name || called.Name == name + "Async"):
                return Argument(call.ArgumentList, called, "sql");
            case InvocationExpressionSyntax call
                when model.GetSymbolInfo(call).Symbol is IMethodSymbol { ContainingType.Name: "raw" } called
                    && called.Name.StartsWith("sqlite3_prepare", StringComparison.Ordinal):
                return Argument(call.ArgumentList, called, "sql") ?? call.ArgumentList.Arguments[1].Expression;
            case InvocationExpressionSyntax call when model.GetSymbolInfo(call).Symbol is IMethodSymbol { ContainingType.Name: "raw", Name: "sqlite3_exec" }:
                return call.ArgumentList.Arguments[1].Expression;
            default:
                return null;
        }
    }

    private static ExpressionSyntax? Argument(ArgumentListSyntax? list, IMethodSymbol called, string name)
    {
        if (list is null) return null;
        if (list.Arguments.FirstOrDefault(argument => argument.NameColon?.Name.Identifier.Text == name) is { } named) return named.Expression;
        int index = called.Parameters.ToList().FindIndex(parameter => parameter.Name == name);
        return index >= 0 && index < list.Arguments.Count ? list.Arguments[index].Expression : null;
    }

    /// <summary>Whether a text is made of constants and whole numbers alone.</summary>
    private bool IsFixed(ExpressionSyntax text, SemanticModel model, HashSet<ISymbol> asked)
    {
        if (model.GetConstantValue(text).HasValue) return true;
        if (model.GetTypeInfo(text).Type is { SpecialType: SpecialType.System_Int32 or SpecialType.System_Int64 }) return true;
        if (allowed.Contains(text.ToString())) return used.Add(text.ToString()) || true;
        switch (text)
        {
            case InterpolatedStringExpressionSyntax parts:
                return parts.Contents.OfType<InterpolationSyntax>().All(part => IsFixed(part.Expression, model, asked));
            case ParenthesizedExpressionSyntax inner:
                return IsFixed(inner.Expression, model, asked);
            case BinaryExpressionSyntax both when both.IsKind(SyntaxKind.AddExpression):
                return IsFixed(both.Left, model, asked) && IsFixed(both.Right, model, asked);
            case ConditionalExpressionSyntax either:
                return IsFixed(either.WhenTrue, model, asked) && IsFixed(either.WhenFalse, model, asked);
            case SwitchExpressionSyntax arms:
                return arms.Arms.All(arm => IsFixed(arm.Expression, model, asked));
            case InvocationExpressionSyntax call when call.Expression.ToString() is "string.Create" or "FormattableString.Invariant":
                return call
                    .ArgumentList.Arguments.Where(argument => argument.Expression.ToString() != "CultureInfo.InvariantCulture")
                    .All(argument => IsFixed(argument.Expression, model, asked));
        }
        return model.GetSymbolInfo(text).Symbol is { } symbol && IsFixed(symbol, asked);
    }

    /// <summary>A local or field by what it is set to, a method by what it returns, a parameter by what every caller gives.</summary>
    private bool IsFixed(ISymbol symbol, HashSet<ISymbol> asked)
    {
        symbol = symbol.OriginalDefinition;
        if (fixedOnes.TryGetValue(symbol, out bool known)) return known;
        if (!asked.Add(symbol)) return true; // A circle adds nothing of its own.
        bool isFixed = symbol switch
        {
            IParameterSymbol parameter => IsGivenFixed(parameter, asked),
            ILocalSymbol or IFieldSymbol => symbol.DeclaringSyntaxReferences.Select(one => one.GetSyntax()).OfType<VariableDeclaratorSyntax>().ToArray()
                is [{ Initializer.Value: { } value }]
                && IsFixed(value, ModelOf(value.SyntaxTree), asked)
                && !IsSetElsewhere(symbol),
            IMethodSymbol or IPropertySymbol => symbol.DeclaringSyntaxReferences is [var one]
                && Returns(one.GetSyntax()) is { Count: > 0 } values
                && values.All(value => IsFixed(value, ModelOf(value.SyntaxTree), asked)),
            _ => false,
        };
        return fixedOnes[symbol] = isFixed;
    }

    private static List<ExpressionSyntax> Returns(SyntaxNode method) =>
        [
            .. method.ChildNodes().OfType<ArrowExpressionClauseSyntax>().Select(arrow => arrow.Expression),
            .. method.DescendantNodes().OfType<ReturnStatementSyntax>().Where(one => one.Expression is not null).Select(one => one.Expression!),
        ];

    private bool IsSetElsewhere(ISymbol symbol) =>
        compilation.SyntaxTrees.Any(tree =>
            tree.GetRoot()
                .DescendantNodes()
                .OfType<AssignmentExpressionSyntax>()
                .Any(set =>
                    set.Left is IdentifierNameSyntax name
                    && name.Identifier.Text == symbol.Name
                    && SymbolEqualityComparer.Default.Equals(ModelOf(tree).GetSymbolInfo(name).Symbol, symbol)
                )
        );

    private bool IsGivenFixed(IParameterSymbol parameter, HashSet<ISymbol> asked)
    {
        if (parameter.ContainingSymbol is not IMethodSymbol owner || owner.DeclaringSyntaxReferences.Length == 0) return false;
        bool isGiven = false; // What nobody here gives may be given by a host.
        foreach (SyntaxTree tree in compilation.SyntaxTrees)
        {
            SemanticModel model = ModelOf(tree);
            foreach (SyntaxNode node in tree.GetRoot().DescendantNodes())
            {
                ArgumentListSyntax? list = node switch
                {
                    InvocationExpressionSyntax call => call.ArgumentList,
                    BaseObjectCreationExpressionSyntax made => made.ArgumentList,
                    _ => null,
                };
                if (
                    list is null
                    || model.GetSymbolInfo(node).Symbol is not IMethodSymbol called
                    || !SymbolEqualityComparer.Default.Equals(called.OriginalDefinition, owner.OriginalDefinition)
                )
                    continue;
                if (Argument(list, called, parameter.Name) is not { } given)
                    continue;
                Sinks++;
                isGiven = true;
                if (IsFixed(given, model, asked)) continue;
                culprit = $"{tree.FilePath}({given.GetLocation().GetLineSpan().StartLinePosition.Line + 1})";
                return false;
            }
        }
        return isGiven;
    }
}
