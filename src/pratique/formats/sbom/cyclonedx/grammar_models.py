"""The part of the grammar that is about models and data (CycloneDX 1.5 to 1.7).

Source: ``modelCardType`` and ``componentDataType`` of ``bom-1.7.xsd``.
"""

from __future__ import annotations

from pratique.formats.sbom.cyclonedx.fields import PROPERTIES, REF, REFERENCES, Field, items, one

MODELS: dict[str, tuple[Field, ...]] = {
    "modelCard": (
        REF,
        one("modelParameters", "modelParameters"),
        one("quantitativeAnalysis", "quantitativeAnalysis"),
        one("considerations", "considerations"),
        PROPERTIES,
    ),
    "modelParameters": (
        one("approach", "approach"),
        Field("task"),
        Field("architectureFamily"),
        Field("modelArchitecture"),
        Field("datasets", "datasets", item="dataset", type="data"),
        items("inputs", "input", "parameter"),
        items("outputs", "output", "parameter"),
    ),
    "approach": (Field("type"),),
    "parameter": (Field("format"),),
    "data": (
        REF,
        Field("type"),
        Field("name"),
        one("contents", "contents"),
        Field("classification"),
        Field("sensitiveData", "bare"),
        one("graphics", "graphics"),
        Field("description"),
        one("governance", "governance"),
    ),
    "contents": (one("attachment", "attachment"), Field("url"), PROPERTIES),
    "graphics": (Field("description"), items("collection", "graphic", "graphic")),
    "graphic": (Field("name"), one("image", "attachment")),
    "governance": (
        items("custodians", "custodian", "responsible"),
        items("stewards", "steward", "responsible"),
        items("owners", "owner", "responsible"),
    ),
    "responsible": (one("organization", "entity"), one("contact", "contact")),
    "quantitativeAnalysis": (
        items("performanceMetrics", "performanceMetric", "performanceMetric"),
        one("graphics", "graphics"),
    ),
    "performanceMetric": (
        Field("type"),
        Field("value"),
        Field("slice"),
        one("confidenceInterval", "confidenceInterval"),
    ),
    "confidenceInterval": (Field("lowerBound"), Field("upperBound")),
    "considerations": (
        items("users", "user"),
        items("useCases", "useCase"),
        items("technicalLimitations", "technicalLimitation"),
        items("performanceTradeoffs", "performanceTradeoff"),
        items("ethicalConsiderations", "ethicalConsideration", "ethicalConsideration"),
        one("environmentalConsiderations", "environmentalConsiderations"),
        items("fairnessAssessments", "fairnessAssessment", "fairnessAssessment"),
    ),
    "ethicalConsideration": (Field("name"), Field("mitigationStrategy")),
    "fairnessAssessment": (
        Field("groupAtRisk"),
        Field("benefits"),
        Field("harms"),
        Field("mitigationStrategy"),
    ),
    "environmentalConsiderations": (
        items("energyConsumptions", "energyConsumption", "energyConsumption"),
        PROPERTIES,
    ),
    "energyConsumption": (
        Field("activity"),
        Field("energyProviders", "bare", type="energyProvider"),
        one("activityEnergyCost", "measure"),
        one("co2CostEquivalent", "measure"),
        one("co2CostOffset", "measure"),
        PROPERTIES,
    ),
    "energyProvider": (
        REF,
        Field("description"),
        one("organization", "entity"),
        Field("energySource"),
        one("energyProvided", "measure"),
        REFERENCES,
    ),
    "measure": (Field("value", "decimal"), Field("unit")),
}
"""Fields of each kind of object."""
