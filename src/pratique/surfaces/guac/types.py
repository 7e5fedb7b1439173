"""The types of GUAC's GraphQL interface, as tables.

Names and shapes are those of GUAC's wire format; the text that declares them is
made from these tables by :mod:`pratique.surfaces.guac.schema`.  A field is
``name:type`` in GraphQL's notation; ``name`` alone is a ``String!``.
"""

from __future__ import annotations

NOUN_SUBJECTS: dict[str, tuple[str, ...]] = {
    "PackageSourceOrArtifact": ("package", "source", "artifact"),
    "PackageOrArtifact": ("package", "artifact"),
    "PackageOrSource": ("package", "source"),
}
"""Unions that a claim may be about, and their members."""

OF_MEMBER = {
    "package": ("Package", "PkgSpec", "IDorPkgInput", "packages"),
    "source": ("Source", "SourceSpec", "IDorSourceInput", "sources"),
    "artifact": ("Artifact", "ArtifactSpec", "IDorArtifactInput", "artifacts"),
}
"""A member of a union: its type, filter, input, and name where there are many."""

ORIGIN = "origin collector documentRef"
"""Where a claim comes from: the last fields of every verb."""

OBJECTS: dict[str, str] = {
    "Artifact": "id:ID! algorithm digest",
    "Builder": "id:ID! uri",
    "License": "id:ID! name inline:String listVersion:String",
    "Package": "id:ID! type namespaces:[PackageNamespace!]!",
    "PackageNamespace": "id:ID! namespace names:[PackageName!]!",
    "PackageName": "id:ID! name versions:[PackageVersion!]!",
    "PackageVersion": "id:ID! purl version qualifiers:[PackageQualifier!]! subpath",
    "PackageQualifier": "key value",
    "PackageIDs": "packageTypeID:ID! packageNamespaceID:ID! packageNameID:ID! packageVersionID:ID!",
    "Source": "id:ID! type namespaces:[SourceNamespace!]!",
    "SourceNamespace": "id:ID! namespace names:[SourceName!]!",
    "SourceName": "id:ID! name tag:String commit:String",
    "SourceIDs": "sourceTypeID:ID! sourceNamespaceID:ID! sourceNameID:ID!",
    "Vulnerability": "id:ID! type vulnerabilityIDs:[VulnerabilityID!]!",
    "VulnerabilityID": "id:ID! vulnerabilityID",
    "VulnerabilityIDs": "vulnerabilityTypeID:ID! vulnerabilityNodeID:ID!",
    "PageInfo": "hasNextPage:Boolean! startCursor:ID endCursor:ID",
    "CertifyBad": "id:ID! subject:PackageSourceOrArtifact! justification knownSince:Time! "
    f"{ORIGIN}",
    "CertifyGood": "id:ID! subject:PackageSourceOrArtifact! justification knownSince:Time! "
    f"{ORIGIN}",
    "CertifyLegal": "id:ID! subject:PackageOrSource! declaredLicense declaredLicenses:[License!]! "
    "discoveredLicense discoveredLicenses:[License!]! attribution justification timeScanned:Time! "
    f"{ORIGIN}",
    "CertifyScorecard": "id:ID! source:Source! scorecard:Scorecard!",
    "Scorecard": "checks:[ScorecardCheck!]! aggregateScore:Float! timeScanned:Time! "
    f"scorecardVersion scorecardCommit {ORIGIN}",
    "ScorecardCheck": "check score:Int!",
    "CertifyVEXStatement": "id:ID! subject:PackageOrArtifact! vulnerability:Vulnerability! "
    "status:VexStatus! vexJustification:VexJustification! statement statusNotes knownSince:Time! "
    f"{ORIGIN}",
    "CertifyVuln": "id:ID! package:Package! vulnerability:Vulnerability! metadata:ScanMetadata!",
    "ScanMetadata": f"timeScanned:Time! dbUri dbVersion scannerUri scannerVersion {ORIGIN}",
    "PointOfContact": "id:ID! subject:PackageSourceOrArtifact! email info since:Time! "
    f"justification {ORIGIN}",
    "HasSBOM": "id:ID! subject:PackageOrArtifact! uri algorithm digest downloadLocation "
    f"knownSince:Time! {ORIGIN} includedSoftware:[PackageOrArtifact!]! "
    "includedDependencies:[IsDependency!]! includedOccurrences:[IsOccurrence!]!",
    "HasSLSA": "id:ID! subject:Artifact! slsa:SLSA!",
    "SLSA": "builtFrom:[Artifact!]! builtBy:Builder! buildType slsaPredicate:[SLSAPredicate!]! "
    f"slsaVersion startedOn:Time finishedOn:Time {ORIGIN}",
    "SLSAPredicate": "key value",
    "HasSourceAt": "id:ID! package:Package! source:Source! knownSince:Time! justification "
    f"{ORIGIN}",
    "HashEqual": f"id:ID! artifacts:[Artifact!]! justification {ORIGIN}",
    "IsDependency": "id:ID! package:Package! dependencyPackage:Package! "
    f"dependencyType:DependencyType! justification {ORIGIN}",
    "IsOccurrence": f"id:ID! subject:PackageOrSource! artifact:Artifact! justification {ORIGIN}",
    "HasMetadata": "id:ID! subject:PackageSourceOrArtifact! key value timestamp:Time! "
    f"justification {ORIGIN}",
    "PkgEqual": f"id:ID! packages:[Package!]! justification {ORIGIN}",
    "VulnEqual": f"id:ID! vulnerabilities:[Vulnerability!]! justification {ORIGIN}",
    "VulnerabilityMetadata": "id:ID! vulnerability:Vulnerability! "
    f"scoreType:VulnerabilityScoreType! scoreValue:Float! timestamp:Time! {ORIGIN}",
}

INPUTS: dict[str, str] = {
    "ArtifactSpec": "id:ID algorithm:String digest:String",
    "ArtifactInputSpec": "algorithm digest",
    "IDorArtifactInput": "artifactID:ID artifactInput:ArtifactInputSpec",
    "BuilderSpec": "id:ID uri:String",
    "BuilderInputSpec": "uri",
    "IDorBuilderInput": "builderID:ID builderInput:BuilderInputSpec",
    "LicenseSpec": "id:ID name:String inline:String listVersion:String",
    "LicenseInputSpec": "name inline:String listVersion:String",
    "IDorLicenseInput": "licenseID:ID licenseInput:LicenseInputSpec",
    "PkgSpec": "id:ID type:String namespace:String name:String version:String "
    "qualifiers:[PackageQualifierSpec!]=[] matchOnlyEmptyQualifiers:Boolean=false subpath:String",
    "PackageQualifierSpec": "key value:String",
    "PkgInputSpec": 'type namespace:String="" name version:String="" '
    'qualifiers:[PackageQualifierInputSpec!]=[] subpath:String=""',
    "PackageQualifierInputSpec": "key value",
    "IDorPkgInput": "packageTypeID:ID packageNamespaceID:ID packageNameID:ID "
    "packageVersionID:ID packageInput:PkgInputSpec",
    "SourceSpec": "id:ID type:String namespace:String name:String tag:String commit:String",
    "SourceInputSpec": 'type namespace name tag:String="" commit:String=""',
    "IDorSourceInput": "sourceTypeID:ID sourceNamespaceID:ID sourceNameID:ID "
    "sourceInput:SourceInputSpec",
    "VulnerabilitySpec": "id:ID type:String vulnerabilityID:String noVuln:Boolean",
    "VulnerabilityInputSpec": "type vulnerabilityID",
    "IDorVulnerabilityInput": "vulnerabilityTypeID:ID vulnerabilityNodeID:ID "
    "vulnerabilityInput:VulnerabilityInputSpec",
    "MatchFlags": "pkg:PkgMatchType!",
    "ScorecardCheckSpec": "check score:Int!",
    "ScorecardCheckInputSpec": "check score:Int!",
    "SLSAPredicateSpec": "key value",
    "SLSAPredicateInputSpec": "key value",
    "HasSBOMIncludesInputSpec": "packages:[ID!]! artifacts:[ID!]! dependencies:[ID!]! "
    "occurrences:[ID!]!",
    "CertifyBadInputSpec": f"justification knownSince:Time! {ORIGIN}",
    "CertifyGoodInputSpec": f"justification knownSince:Time! {ORIGIN}",
    "CertifyLegalInputSpec": "declaredLicense discoveredLicense attribution justification "
    f"timeScanned:Time! {ORIGIN}",
    "ScorecardInputSpec": "checks:[ScorecardCheckInputSpec!]! aggregateScore:Float! "
    f"timeScanned:Time! scorecardVersion scorecardCommit {ORIGIN}",
    "VexStatementInputSpec": "status:VexStatus! vexJustification:VexJustification! statement "
    f"statusNotes knownSince:Time! {ORIGIN}",
    "ScanMetadataInput": f"timeScanned:Time! dbUri dbVersion scannerUri scannerVersion {ORIGIN}",
    "PointOfContactInputSpec": f"email info since:Time! justification {ORIGIN}",
    "HasSBOMInputSpec": f"uri algorithm digest downloadLocation knownSince:Time! {ORIGIN}",
    "SLSAInputSpec": "buildType slsaPredicate:[SLSAPredicateInputSpec!]! slsaVersion "
    f"startedOn:Time finishedOn:Time {ORIGIN}",
    "HasSourceAtInputSpec": f"knownSince:Time! justification {ORIGIN}",
    "HashEqualInputSpec": f"justification {ORIGIN}",
    "IsDependencyInputSpec": f"dependencyType:DependencyType! justification {ORIGIN}",
    "IsOccurrenceInputSpec": f"justification {ORIGIN}",
    "HasMetadataInputSpec": f"key value timestamp:Time! justification {ORIGIN}",
    "PkgEqualInputSpec": f"justification {ORIGIN}",
    "VulnEqualInputSpec": f"justification {ORIGIN}",
    "VulnerabilityMetadataInputSpec": "scoreType:VulnerabilityScoreType! scoreValue:Float! "
    f"timestamp:Time! {ORIGIN}",
}

_ORIGIN = "origin:String collector:String documentRef:String"

SPECS: dict[str, str] = {
    "CertifyBadSpec": "subject:PackageSourceOrArtifactSpec justification:String knownSince:Time",
    "CertifyGoodSpec": "subject:PackageSourceOrArtifactSpec justification:String knownSince:Time",
    "CertifyLegalSpec": "subject:PackageOrSourceSpec declaredLicense:String "
    "declaredLicenses:[LicenseSpec!] discoveredLicense:String discoveredLicenses:[LicenseSpec!] "
    "attribution:String justification:String timeScanned:Time",
    "CertifyScorecardSpec": "source:SourceSpec timeScanned:Time aggregateScore:Float "
    "checks:[ScorecardCheckSpec!]=[] scorecardVersion:String scorecardCommit:String",
    "CertifyVEXStatementSpec": "subject:PackageOrArtifactSpec vulnerability:VulnerabilitySpec "
    "status:VexStatus vexJustification:VexJustification statement:String statusNotes:String "
    "knownSince:Time",
    "CertifyVulnSpec": "package:PkgSpec vulnerability:VulnerabilitySpec timeScanned:Time "
    "dbUri:String dbVersion:String scannerUri:String scannerVersion:String",
    "PointOfContactSpec": "subject:PackageSourceOrArtifactSpec email:String info:String "
    "since:Time justification:String",
    "HasSBOMSpec": "subject:PackageOrArtifactSpec uri:String algorithm:String digest:String "
    "downloadLocation:String knownSince:Time includedSoftware:[PackageOrArtifactSpec!] "
    "includedDependencies:[IsDependencySpec!] includedOccurrences:[IsOccurrenceSpec!]",
    "HasSLSASpec": "subject:ArtifactSpec builtFrom:[ArtifactSpec!] builtBy:BuilderSpec "
    "buildType:String predicate:[SLSAPredicateSpec!]=[] slsaVersion:String startedOn:Time "
    "finishedOn:Time",
    "HasSourceAtSpec": "package:PkgSpec source:SourceSpec knownSince:Time justification:String",
    "HashEqualSpec": "artifacts:[ArtifactSpec] justification:String",
    "IsDependencySpec": "package:PkgSpec dependencyPackage:PkgSpec "
    "dependencyType:DependencyType justification:String",
    "IsOccurrenceSpec": "subject:PackageOrSourceSpec artifact:ArtifactSpec justification:String",
    "HasMetadataSpec": "subject:PackageSourceOrArtifactSpec since:Time key:String value:String "
    "justification:String",
    "PkgEqualSpec": "packages:[PkgSpec] justification:String",
    "VulnEqualSpec": "vulnerabilities:[VulnerabilitySpec] justification:String",
    "VulnerabilityMetadataSpec": "vulnerability:VulnerabilitySpec "
    "scoreType:VulnerabilityScoreType scoreValue:Float comparator:Comparator timestamp:Time",
}
for _name, _fields in SPECS.items():
    INPUTS[_name] = f"id:ID {_fields} {_ORIGIN}"

ENUMS: dict[str, str] = {
    "PkgMatchType": "ALL_VERSIONS SPECIFIC_VERSION",
    "VexStatus": "NOT_AFFECTED AFFECTED FIXED UNDER_INVESTIGATION",
    "VexJustification": "COMPONENT_NOT_PRESENT VULNERABLE_CODE_NOT_PRESENT "
    "VULNERABLE_CODE_NOT_IN_EXECUTE_PATH VULNERABLE_CODE_CANNOT_BE_CONTROLLED_BY_ADVERSARY "
    "INLINE_MITIGATIONS_ALREADY_EXIST NOT_PROVIDED",
    "FilterOperation": "CONTAINS STARTSWITH",
    "DependencyType": "DIRECT INDIRECT UNKNOWN",
    "QueryType": "VULNERABILITY LICENSE EOL",
    "VulnerabilityScoreType": "CVSSv2 CVSSv3 EPSSv1 EPSSv2 CVSSv31 CVSSv4 OWASP SSVC",
    "Comparator": "GREATER EQUAL LESS GREATER_EQUAL LESS_EQUAL",
}

NODE = (
    "Package Source Artifact Builder Vulnerability IsOccurrence IsDependency VulnEqual "
    "CertifyVEXStatement HashEqual CertifyBad CertifyGood PkgEqual CertifyScorecard CertifyVuln "
    "HasSourceAt HasSBOM HasSLSA HasMetadata PointOfContact VulnerabilityMetadata License "
    "CertifyLegal"
)
"""Every type that has an id of its own."""

LINKS: dict[str, str] = {
    "ARTIFACT": "CERTIFY_BAD CERTIFY_GOOD CERTIFY_VEX_STATEMENT HASH_EQUAL HAS_METADATA HAS_SBOM "
    "HAS_SLSA IS_OCCURRENCE POINT_OF_CONTACT",
    "BUILDER": "HAS_SLSA",
    "LICENSE": "CERTIFY_LEGAL",
    "PACKAGE": "CERTIFY_BAD CERTIFY_GOOD CERTIFY_LEGAL CERTIFY_VEX_STATEMENT CERTIFY_VULN "
    "HAS_METADATA HAS_SBOM HAS_SOURCE_AT IS_DEPENDENCY IS_OCCURRENCE PKG_EQUAL POINT_OF_CONTACT",
    "PACKAGE_NAME": "PACKAGE_NAMESPACE PACKAGE_VERSION",
    "PACKAGE_NAMESPACE": "PACKAGE_NAME PACKAGE_TYPE",
    "PACKAGE_TYPE": "PACKAGE_NAMESPACE",
    "PACKAGE_VERSION": "PACKAGE_NAME",
    "SOURCE": "CERTIFY_BAD CERTIFY_GOOD CERTIFY_LEGAL CERTIFY_SCORECARD HAS_METADATA "
    "HAS_SOURCE_AT IS_OCCURRENCE POINT_OF_CONTACT",
    "SOURCE_NAME": "SOURCE_NAMESPACE",
    "SOURCE_NAMESPACE": "SOURCE_NAME SOURCE_TYPE",
    "SOURCE_TYPE": "SOURCE_NAMESPACE",
    "VULNERABILITY": "CERTIFY_VEX_STATEMENT CERTIFY_VULN VULN_EQUAL VULN_METADATA",
    "VULNERABILITY_ID": "VULNERABILITY_TYPE",
    "VULNERABILITY_TYPE": "VULNERABILITY_ID",
    "CERTIFY_BAD": "ARTIFACT PACKAGE SOURCE",
    "CERTIFY_GOOD": "ARTIFACT PACKAGE SOURCE",
    "CERTIFY_LEGAL": "LICENSE PACKAGE SOURCE",
    "CERTIFY_SCORECARD": "SOURCE",
    "CERTIFY_VEX_STATEMENT": "ARTIFACT PACKAGE VULNERABILITY",
    "CERTIFY_VULN": "PACKAGE VULNERABILITY",
    "HASH_EQUAL": "ARTIFACT",
    "HAS_METADATA": "ARTIFACT PACKAGE SOURCE",
    "HAS_SBOM": "ARTIFACT PACKAGE INCLUDED_SOFTWARE INCLUDED_DEPENDENCIES INCLUDED_OCCURRENCES",
    "HAS_SLSA": "BUILT_BY MATERIALS SUBJECT",
    "HAS_SOURCE_AT": "PACKAGE SOURCE",
    "IS_DEPENDENCY": "PACKAGE",
    "IS_OCCURRENCE": "ARTIFACT PACKAGE SOURCE",
    "PKG_EQUAL": "PACKAGE",
    "POINT_OF_CONTACT": "ARTIFACT PACKAGE SOURCE",
    "VULN_EQUAL": "VULNERABILITY",
    "VULN_METADATA": "VULNERABILITY",
}
"""The kinds of link between nodes: ``Edge`` has each as ``FROM_TO``."""

LISTS: tuple[tuple[str, str, str, str, str], ...] = (
    ("artifacts", "artifactsList", "Artifact", "artifactSpec:ArtifactSpec", "Artifact"),
    ("builders", "buildersList", "Builder", "builderSpec:BuilderSpec", "Builder"),
    ("licenses", "licenseList", "License", "licenseSpec:LicenseSpec", "License"),
    ("packages", "packagesList", "Package", "pkgSpec:PkgSpec", "Package"),
    ("sources", "sourcesList", "Source", "sourceSpec:SourceSpec", "Source"),
    (
        "vulnerabilities",
        "vulnerabilityList",
        "Vulnerability",
        "vulnSpec:VulnerabilitySpec",
        "Vulnerability",
    ),
    *(
        (name, f"{name}List", name, f"{name[0].lower() + name[1:]}Spec:{name}Spec", name)
        for name in (
            "CertifyBad",
            "CertifyGood",
            "CertifyLegal",
            "CertifyVuln",
            "PointOfContact",
            "HasSBOM",
            "HasSLSA",
            "HasSourceAt",
            "HashEqual",
            "IsDependency",
            "IsOccurrence",
            "HasMetadata",
            "PkgEqual",
        )
    ),
    (
        "scorecards",
        "scorecardsList",
        "CertifyScorecard",
        "scorecardSpec:CertifyScorecardSpec",
        "CertifyScorecard",
    ),
    (
        "CertifyVEXStatement",
        "CertifyVEXStatementList",
        "CertifyVEXStatement",
        "certifyVEXStatementSpec:CertifyVEXStatementSpec",
        "VEX",
    ),
    ("vulnEqual", "vulnEqualList", "VulnEqual", "vulnEqualSpec:VulnEqualSpec", "VulnEqual"),
    (
        "vulnerabilityMetadata",
        "vulnerabilityMetadataList",
        "VulnerabilityMetadata",
        "vulnerabilityMetadataSpec:VulnerabilityMetadataSpec",
        "VulnerabilityMetadata",
    ),
)
"""Queries that list: all at once, in pages, of a type, by a filter, in a connection."""

QUERIES: dict[str, str] = {
    "BatchQueryPkgIDCertifyLegal(pkgIDs:[ID!]!)": "[CertifyLegal!]!",
    "BatchQueryPkgIDCertifyVuln(pkgIDs:[ID!]!)": "[CertifyVuln!]!",
    "BatchQuerySubjectPkgDependency(pkgIDs:[ID!]!)": "[IsDependency!]!",
    "BatchQueryDepPkgDependency(pkgIDs:[ID!]!)": "[IsDependency!]!",
    "path(subject:ID! target:ID! maxPathLength:Int! usingOnly:[Edge!]!)": "[Node!]!",
    "neighbors(node:ID! usingOnly:[Edge!]!)": "[Node!]!",
    "neighborsList(node:ID! usingOnly:[Edge!]! after:ID first:Int)": "NeighborConnection",
    "node(node:ID!)": "Node!",
    "nodes(nodes:[ID!]!)": "[Node!]!",
    "findSoftware(searchText:String!)": "[PackageSourceOrArtifact!]!",
    "findSoftwareList(searchText:String! after:ID first:Int)": "FindSoftwareConnection",
    "queryPackagesListForScan(pkgIDs:[ID!]! after:ID first:Int)": "PackageConnection",
    "findPackagesThatNeedScanning(queryType:QueryType! lastScan:Int)": "[ID!]!",
}
"""Queries of other shapes."""

_SUBJECT3 = "subject{}:PackageSourceOrArtifactInput{}! pkgMatchType:MatchFlags!"

MUTATIONS: dict[str, str] = {
    "ingestArtifact(artifact:IDorArtifactInput)": "ID!",
    "ingestArtifacts(artifacts:[IDorArtifactInput!]!)": "[ID!]!",
    "ingestBuilder(builder:IDorBuilderInput)": "ID!",
    "ingestBuilders(builders:[IDorBuilderInput!]!)": "[ID!]!",
    "ingestLicense(license:IDorLicenseInput)": "ID!",
    "ingestLicenses(licenses:[IDorLicenseInput!]!)": "[ID!]!",
    "ingestPackage(pkg:IDorPkgInput!)": "PackageIDs!",
    "ingestPackages(pkgs:[IDorPkgInput!]!)": "[PackageIDs!]!",
    "ingestSource(source:IDorSourceInput!)": "SourceIDs!",
    "ingestSources(sources:[IDorSourceInput!]!)": "[SourceIDs!]!",
    "ingestVulnerability(vuln:IDorVulnerabilityInput!)": "VulnerabilityIDs!",
    "ingestVulnerabilities(vulns:[IDorVulnerabilityInput!]!)": "[VulnerabilityIDs!]!",
    f"ingestCertifyBad({_SUBJECT3.format('', '')} certifyBad:CertifyBadInputSpec!)": "ID!",
    f"ingestCertifyBads({_SUBJECT3.format('s', 's')} certifyBads:[CertifyBadInputSpec!]!)": (
        "[ID!]!"
    ),
    f"ingestCertifyGood({_SUBJECT3.format('', '')} certifyGood:CertifyGoodInputSpec!)": "ID!",
    f"ingestCertifyGoods({_SUBJECT3.format('s', 's')} certifyGoods:[CertifyGoodInputSpec!]!)": (
        "[ID!]!"
    ),
    "ingestCertifyLegal(subject:PackageOrSourceInput! declaredLicenses:[IDorLicenseInput!]! "
    "discoveredLicenses:[IDorLicenseInput!]! certifyLegal:CertifyLegalInputSpec!)": "ID!",
    "ingestCertifyLegals(subjects:PackageOrSourceInputs! "
    "declaredLicensesList:[[IDorLicenseInput!]!]! discoveredLicensesList:[[IDorLicenseInput!]!]! "
    "certifyLegals:[CertifyLegalInputSpec!]!)": "[ID!]!",
    "ingestScorecard(source:IDorSourceInput! scorecard:ScorecardInputSpec!)": "ID!",
    "ingestScorecards(sources:[IDorSourceInput!]! scorecards:[ScorecardInputSpec!]!)": "[ID!]!",
    "ingestVEXStatement(subject:PackageOrArtifactInput! vulnerability:IDorVulnerabilityInput! "
    "vexStatement:VexStatementInputSpec!)": "ID!",
    "ingestVEXStatements(subjects:PackageOrArtifactInputs! "
    "vulnerabilities:[IDorVulnerabilityInput!]! vexStatements:[VexStatementInputSpec!]!)": "[ID!]!",
    "ingestCertifyVuln(pkg:IDorPkgInput! vulnerability:IDorVulnerabilityInput! "
    "certifyVuln:ScanMetadataInput!)": "ID!",
    "ingestCertifyVulns(pkgs:[IDorPkgInput!]! vulnerabilities:[IDorVulnerabilityInput!]! "
    "certifyVulns:[ScanMetadataInput!]!)": "[ID!]!",
    f"ingestPointOfContact({_SUBJECT3.format('', '')} pointOfContact:PointOfContactInputSpec!)": (
        "ID!"
    ),
    f"ingestPointOfContacts({_SUBJECT3.format('s', 's')} "
    "pointOfContacts:[PointOfContactInputSpec!]!)": "[ID!]!",
    "delete(node:ID!)": "Boolean!",
    "ingestHasSBOM(subject:PackageOrArtifactInput! hasSBOM:HasSBOMInputSpec! "
    "includes:HasSBOMIncludesInputSpec!)": "ID!",
    "ingestHasSBOMs(subjects:PackageOrArtifactInputs! hasSBOMs:[HasSBOMInputSpec!]! "
    "includes:[HasSBOMIncludesInputSpec!]!)": "[ID!]!",
    "ingestSLSA(subject:IDorArtifactInput! builtFrom:[IDorArtifactInput!]! "
    "builtBy:IDorBuilderInput! slsa:SLSAInputSpec!)": "ID!",
    "ingestSLSAs(subjects:[IDorArtifactInput!]! builtFromList:[[IDorArtifactInput!]!]! "
    "builtByList:[IDorBuilderInput!]! slsaList:[SLSAInputSpec!]!)": "[ID!]!",
    "ingestHasSourceAt(pkg:IDorPkgInput! pkgMatchType:MatchFlags! source:IDorSourceInput! "
    "hasSourceAt:HasSourceAtInputSpec!)": "ID!",
    "ingestHasSourceAts(pkgs:[IDorPkgInput!]! pkgMatchType:MatchFlags! "
    "sources:[IDorSourceInput!]! hasSourceAts:[HasSourceAtInputSpec!]!)": "[ID!]!",
    "ingestHashEqual(artifact:IDorArtifactInput! otherArtifact:IDorArtifactInput! "
    "hashEqual:HashEqualInputSpec!)": "ID!",
    "ingestHashEquals(artifacts:[IDorArtifactInput!]! otherArtifacts:[IDorArtifactInput!]! "
    "hashEquals:[HashEqualInputSpec!]!)": "[ID!]!",
    "ingestDependency(pkg:IDorPkgInput! depPkg:IDorPkgInput! dependency:IsDependencyInputSpec!)": (
        "ID!"
    ),
    "ingestDependencies(pkgs:[IDorPkgInput!]! depPkgs:[IDorPkgInput!]! "
    "dependencies:[IsDependencyInputSpec!]!)": "[ID!]!",
    "ingestOccurrence(subject:PackageOrSourceInput! artifact:IDorArtifactInput! "
    "occurrence:IsOccurrenceInputSpec!)": "ID!",
    "ingestOccurrences(subjects:PackageOrSourceInputs! artifacts:[IDorArtifactInput!]! "
    "occurrences:[IsOccurrenceInputSpec!]!)": "[ID!]!",
    f"ingestHasMetadata({_SUBJECT3.format('', '')} hasMetadata:HasMetadataInputSpec!)": "ID!",
    f"ingestBulkHasMetadata({_SUBJECT3.format('s', 's')} "
    "hasMetadataList:[HasMetadataInputSpec!]!)": "[ID!]!",
    "ingestPkgEqual(pkg:IDorPkgInput! otherPackage:IDorPkgInput! pkgEqual:PkgEqualInputSpec!)": (
        "ID!"
    ),
    "ingestPkgEquals(pkgs:[IDorPkgInput!]! otherPackages:[IDorPkgInput!]! "
    "pkgEquals:[PkgEqualInputSpec!]!)": "[ID!]!",
    "ingestVulnEqual(vulnerability:IDorVulnerabilityInput! "
    "otherVulnerability:IDorVulnerabilityInput! vulnEqual:VulnEqualInputSpec!)": "ID!",
    "ingestVulnEquals(vulnerabilities:[IDorVulnerabilityInput!]! "
    "otherVulnerabilities:[IDorVulnerabilityInput!]! vulnEquals:[VulnEqualInputSpec!]!)": "[ID!]!",
    "ingestVulnerabilityMetadata(vulnerability:IDorVulnerabilityInput! "
    "vulnerabilityMetadata:VulnerabilityMetadataInputSpec!)": "ID!",
    "ingestBulkVulnerabilityMetadata(vulnerabilities:[IDorVulnerabilityInput!]! "
    "vulnerabilityMetadataList:[VulnerabilityMetadataInputSpec!]!)": "[ID!]!",
}
